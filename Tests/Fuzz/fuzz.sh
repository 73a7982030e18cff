#!/usr/bin/env bash
# Fuzzes the STUN and TURN modules with libFuzzer and the address sanitizer: fuzz.sh [SECONDS [TARGET...]]
#
# Each target (message, stream, server, stun-large) runs for so long, 60 seconds if nothing is said, beginning with what earlier runs
# found worth keeping in .build-fuzz/corpus. An input that breaks something is kept in .build-fuzz; given as a file to the
# target's program there it breaks it again. Needs `swift build -c release`: the modules below those two are linked as they are.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(message stream server stun-large)
bin=$(dirname "$(readlink -f "$(command -v swiftc || echo /opt/swift/usr/bin/swiftc)")")
release=.build/release
out=.build-fuzz
mkdir -p "$out"

flags=(-O -swift-version 6 -sanitize=fuzzer,address -parse-as-library -I "$out" -I "$release/Modules")
for map in "$release"/C{BoringSSLInternals,CryptoBoringSSL,CryptoBoringSSLShims}.build/module.modulemap \
    .build/checkouts/swift-crypto/Sources/C*BoringSSL*/include/module.modulemap; do
    [ ! -f "$map" ] || flags+=(-Xcc "-fmodule-map-file=$map")
done

for module in STUN TURN; do
    "$bin/swiftc" "${flags[@]}" -wmo -module-name "$module" -emit-module -emit-module-path "$out/$module.swiftmodule" \
        -emit-object -o "$out/$module.o" Sources/$module/*.swift
done
mapfile -t objects < <(find "$release"/{CryptoPrimitives,CBoringSSLInternals,CCryptoBoringSSL,CCryptoBoringSSLShims}.build \
    -name '*.o')
for target in "${targets[@]}"; do
    "$bin/swiftc" "${flags[@]}" -wmo -module-name fuzz -o "$out/$target" "Tests/Fuzz/$target.swift" \
        Tests/TURNTests/Support/*.swift "$out/STUN.o" "$out/TURN.o" "${objects[@]}" -lstdc++ \
        2> >(grep -v "Cannot export local symbol" >&2)
done
for target in "${targets[@]}"; do
    mkdir -p "$out/corpus/$target"
    echo "$target: $seconds s"
    # How long an input may be; what is long begins long.
    limits=(-max_len=1024 -len_control=1)
    if [ "$target" = stun-large ]; then
        limits=(-max_len=65507 -len_control=0)
        [ -n "$(ls -A "$out/corpus/$target")" ] || head -c 65507 /dev/urandom >"$out/corpus/$target/long"
    fi
    # What a crash says is the fuzzer's matter, not Swift's.
    set +e
    SWIFT_BACKTRACE=enable=no "$out/$target" "$out/corpus/$target" -max_total_time="$seconds" "${limits[@]}" \
        -artifact_prefix="$out/$target-" -print_final_stats=1 2>&1 |
        grep -E "^#[0-9]+.*(INITED|DONE)|ERROR|SUMMARY|Fatal|Test unit|stat::number_of"
    status=${PIPESTATUS[0]}
    set -e
    [ "$status" -eq 0 ] || { echo "fuzz: $target failed; the input is in $out" >&2; exit 1; }
done
