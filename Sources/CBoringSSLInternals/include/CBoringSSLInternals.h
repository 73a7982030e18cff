// Two functions that BoringSSL exports between its own modules and that its public headers leave out. They come from the
// same objects as everything that `CCryptoBoringSSL` declares; swift-crypto is pinned exactly, so their types cannot move
// underneath us, and the vectors (SHAKE256, ML-DSA) would show it if they did.
#pragma once

#include <stddef.h>
#include <stdint.h>

// crypto/fipsmodule/keccak/internal.h: a value of `enum boringssl_keccak_config_t : int32_t`.
static const int32_t CBoringSSLInternals_shake256 = 3;

/// Hashes `in` in one call and writes `out_len` bytes to `out`.
void CCryptoBoringSSL_BORINGSSL_keccak(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len, int32_t config);

/// crypto/fipsmodule/bcm_interface.h: ML-DSA.Sign_internal (FIPS 204, algorithm 7) with a randomizer of the caller's; the
/// public `MLDSA65_sign` draws it from BoringSSL's own generator. `private_key` points to a `struct MLDSA65_private_key`.
/// Returns a `bcm_status`: 0 (approved) or 1 (not approved) for success, 2 for failure.
int CCryptoBoringSSL_BCM_mldsa65_sign_internal(uint8_t out_encoded_signature[3309], const void *private_key,
                                               const uint8_t *msg, size_t msg_len, const uint8_t *context_prefix,
                                               size_t context_prefix_len, const uint8_t *context, size_t context_len,
                                               const uint8_t randomizer[32]);
