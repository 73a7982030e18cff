// What the core needs beneath it when it runs in a browser: no operating system, so each thing that libc, BoringSSL or
// Embedded Swift would ask one for is answered here. The module's single import is `host.entropy`.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// MARK: The one import: `entropy(pointer, length)` fills memory from the browser's `crypto.getRandomValues`.

__attribute__((import_module("host"), import_name("entropy"))) extern void host_entropy(void *buffer, size_t length);

/// The seed of Embedded Swift's hash tables.
void arc4random_buf(void *buffer, size_t length) { host_entropy(buffer, length); }

// MARK: Start and memory, exported to the host.

extern void __wasm_call_ctors(void);

/// Runs the C++ constructors. The host calls it once, before anything else. (Without it wasm-ld would run them in every
/// exported call.)
__attribute__((export_name("_initialize"))) void initialize(void) { __wasm_call_ctors(); }

/// A buffer that the host writes an argument into, and gives back with `release`.
__attribute__((export_name("allocate"))) void *allocate(size_t length) { return malloc(length ? length : 1); }

__attribute__((export_name("release"))) void release(void *buffer) { free(buffer); }

// MARK: Memory is cleared as it is freed. Swift's arrays do not wipe themselves, and a page's WebAssembly memory can be
// read by whoever takes the device; what is no longer in use must not be there. Linked with --wrap.

extern size_t malloc_usable_size(void *buffer);
extern void __real_free(void *buffer);

static void clear(void *buffer, size_t length) {
    memset(buffer, 0, length);
    // The compiler must not drop the stores because the memory is freed next.
    __asm__ __volatile__("" : : "r"(buffer) : "memory");
}

void __wrap_free(void *buffer) {
    if (buffer == NULL) return;
    clear(buffer, malloc_usable_size(buffer));
    __real_free(buffer);
}

void *__wrap_realloc(void *buffer, size_t length) {
    if (buffer == NULL) return malloc(length);
    size_t held = malloc_usable_size(buffer);
    if (length <= held && length > held / 2) return buffer;
    void *moved = malloc(length ? length : 1);
    if (moved == NULL) return NULL;
    memcpy(moved, buffer, held < length ? held : length);
    __wrap_free(buffer);
    return moved;
}

// MARK: Ends of the road. A trap ends the instance; the worker reports it and starts a new one.

_Noreturn void abort(void) { __builtin_trap(); }

uintptr_t __stack_chk_guard = 0;
_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }

// MARK: WASI, as libc imports it. Randomness is real; there are no files, no clock, no environment.

#define WASI(name) __imported_wasi_snapshot_preview1_##name
enum { wasi_success = 0, wasi_badf = 8 };

int32_t WASI(random_get)(int32_t buffer, int32_t length) {
    host_entropy((void *)buffer, (size_t)length);
    return wasi_success;
}

_Noreturn void WASI(proc_exit)(int32_t status) {
    (void)status;
    __builtin_trap();
}

// BoringSSL can print to standard error and read files by name; nothing here does. Each descriptor is a bad one.

int32_t WASI(fd_close)(int32_t descriptor) {
    (void)descriptor;
    return wasi_badf;
}

int32_t WASI(fd_seek)(int32_t descriptor, int64_t offset, int32_t whence, int32_t result) {
    (void)descriptor, (void)offset, (void)whence, (void)result;
    return wasi_badf;
}

int32_t WASI(fd_write)(int32_t descriptor, int32_t vectors, int32_t count, int32_t written) {
    (void)descriptor, (void)vectors, (void)count, (void)written;
    return wasi_badf;
}
