#!/usr/bin/env bash
# Builds the sans-IO core to WebAssembly: BoringSSL from the swift-crypto checkout, then the Swift modules in Embedded
# mode, linked into one module whose only import is the host's entropy.
#
#   Web/build-core.sh core      -> $OUT/core.wasm, for the browser
#   Web/build-core.sh media     -> $OUT/media.wasm, for the worker that encrypts the frames of calls
#   Web/build-core.sh checks    -> $OUT/checks.wasm, the official vectors' checks (test only)
#   Web/build-core.sh boringssl -> $BORINGSSL_OUT/libboringssl.a
#   Web/build-core.sh MODULE    -> compiles that Swift module and what it imports; links nothing
#
# OUT (.build-wasm), SWIFT_CRYPTO (.build/checkouts/swift-crypto), BORINGSSL_OUT (.build/wasm), SWIFT_BIN and JOBS can be set from
# outside. Needs Debian's wasi-libc, and of one LLVM libc++-N-dev-wasm32, libc++abi-N-dev-wasm32 and libclang-rt-N-dev-wasm32.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-core}
out=${OUT:-.build-wasm}
crypto=${SWIFT_CRYPTO:-.build/checkouts/swift-crypto}
# Beside what else is built of the dependencies.
library=${BORINGSSL_OUT:-.build/wasm}
jobs=${JOBS:-$(nproc)}
bin=${SWIFT_BIN:-$(dirname "$(readlink -f "$(command -v swiftc || echo /opt/swift/usr/bin/swiftc)")")}

[ -x "$bin/swiftc" ] || { echo "build-core: no Swift toolchain: put swift on PATH or set SWIFT_BIN" >&2; exit 1; }
boringssl=$crypto/Sources/CCryptoBoringSSL
[ -d "$boringssl" ] || { echo "build-core: no $boringssl: run 'swift package resolve' first" >&2; exit 1; }
# The newest LLVM of which everything for WebAssembly is there: its C++ headers and libraries must be of one version.
llvm=""
for folder in $(printf '%s\n' /usr/lib/llvm-* | sort -V); do
    builtins_of=$(find "$folder"/lib/clang/*/lib/wasi -name libclang_rt.builtins-wasm32.a 2>/dev/null | sort -V | tail -n 1)
    if [ -n "$builtins_of" ] && [ -f "$folder/lib/wasm32-wasi/libc++.a" ] && [ -f "$folder/lib/wasm32-wasi/libc++abi.a" ]; then
        llvm=$folder builtins=$builtins_of
    fi
done
[ -n "$llvm" ] || { echo "build-core: no LLVM here has its libraries for WebAssembly: run 'make setup'" >&2; exit 1; }

# The browser's core has MLS's own suite alone; what the vectors check has all of them, and so is built apart.
build=$out
conditions=()
if [ "$what" = core ]; then build=$out/browser conditions=(-D OWN_SUITE_ALONE); fi
mkdir -p "$library" "$build/objects" "$build/modules" "$out/include/CBoringSSLInternals"

# One set of defines for C, C++ and Swift's view of the headers.
defines=(-D__wasi__ -DOPENSSL_NO_ASM -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED)
c_target=(--target=wasm32-wasi -nostdlibinc -isystem /usr/include/wasm32-wasi)
c_flags=("${c_target[@]}" -O3 -std=c17 "${defines[@]}" -I "$boringssl/include")
cxx_flags=(--target=wasm32-wasi -nostdlibinc -nostdinc++ -isystem "$llvm/include/wasm32-wasi/c++/v1"
    -isystem /usr/include/wasm32-wasi -O3 -std=c++17 -fno-exceptions -fno-rtti -w "${defines[@]}" -I "$boringssl/include"
    "-fmacro-prefix-map=$boringssl/=")

# Compiles what changed: a stamp holds the flags, the compiler and the checkout's revision.
build_boringssl() {
    local stamp revision # The same on every machine: a path to the checkout does not count.
    revision=$(git -C "$crypto" rev-parse HEAD 2>/dev/null || cat "$boringssl/hash.txt")
    stamp=$(printf '%s\n' "${cxx_flags[@]//"$crypto"/}" "$("$bin/clang++" --version | head -n 1)" "$revision" | sha256sum)
    if [ -f "$library/libboringssl.a" ] && [ "$(cat "$library/libboringssl.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    echo "build-core: compiling BoringSSL to WebAssembly"
    local objects=$library/objects
    rm -rf "$objects" "$library/libboringssl.a" "$library/libboringssl.stamp"
    mkdir -p "$objects"
    (cd "$boringssl" && find . -name '*.cc' ! -path ./crypto/bio/connect.cc ! -path ./crypto/bio/socket.cc \
        ! -path ./crypto/bio/socket_helper.cc | sed 's|^\./||' | LC_ALL=C sort) >"$objects.list"
    export CXX_FLAGS="${cxx_flags[*]}" CXX="$bin/clang++" BORINGSSL="$boringssl" OBJECTS="$objects"
    # A path becomes one flat file name. The flags hold no spaces.
    xargs -P "$jobs" -n 4 sh -c 'for source in "$@"; do
        $CXX $CXX_FLAGS -c "$BORINGSSL/$source" -o "$OBJECTS/$(echo "$source" | tr / _).o" || exit 255; done' sh <"$objects.list"
    "$bin/llvm-ar" rcsD "$library/libboringssl.a" "$objects"/*.o
    rm -rf "$objects" "$objects.list"
    echo "$stamp" >"$library/libboringssl.stamp"
}

# The imported C modules' maps. SwiftPM makes the like of the second one by itself in the native build.
module_maps() {
    cat >"$out/include/CBoringSSLInternals/module.modulemap" <<MAP
module CBoringSSLInternals {
    umbrella "$PWD/Sources/CBoringSSLInternals/include"
    export *
}
MAP
}

# For size: the browser loads it before anything is shown, and what takes time is in BoringSSL.
swift_flags=(-target wasm32-unknown-none-wasm -swift-version 6 -enable-experimental-feature Embedded -wmo -Osize
    -parse-as-library -package-name cryptpeer -warnings-as-errors -Xfrontend -disable-stack-protector
    "${conditions[@]}" -I "$build/modules" -I "$boringssl/include" -I "$out/include/CBoringSSLInternals"
    -Xcc -isystem -Xcc /usr/include/wasm32-wasi -Xcc -I"$boringssl/include" -Xcc -w)
for define in "${defines[@]}"; do swift_flags+=(-Xcc "$define"); done

# What each module imports. Package.swift says the same for the native build.
declare -A imports=(
    [CryptoPrimitives]=""
    [WireFormat]=""
    [MLS]="CryptoPrimitives WireFormat"
    [SFrame]="CryptoPrimitives"
    [CallMedia]="CryptoPrimitives SFrame"
    [MediaWasm]="CryptoPrimitives SFrame CallMedia"
    [SegmentedHSM]="CryptoPrimitives WireFormat"
    [Trust]="CryptoPrimitives WireFormat"
    [NodeProtocol]="CryptoPrimitives WireFormat Trust"
    [Messenger]="CryptoPrimitives WireFormat MLS SegmentedHSM Trust NodeProtocol"
    [MessengerWasm]="CryptoPrimitives WireFormat MLS SegmentedHSM Trust NodeProtocol Messenger"
    [ModelNode]="CryptoPrimitives WireFormat Trust NodeProtocol"
    [Simulator]="CryptoPrimitives WireFormat SegmentedHSM Trust NodeProtocol Messenger ModelNode"
    [VectorChecks]="CryptoPrimitives WireFormat MLS SFrame CallMedia Simulator"
    [ChecksWasm]="VectorChecks"
)
# Where its sources are, when not in Sources/NAME.
declare -A folders=(
    [ModelNode]=Tests/ModelNode
    [Simulator]=Tests/Simulator
    [VectorChecks]=Tests/VectorChecks
    [ChecksWasm]="Tests/Wasm/ChecksWasm Sources/MessengerWasm/HostBytes.swift"
    [MediaWasm]="Sources/MediaWasm Sources/MessengerWasm/HostBytes.swift"
)

# swift_module NAME: the module and, first, what it imports; each one object. A stamp over the sources, the flags and the
# imported modules' stamps says whether there is anything to do.
declare -A stamps=()
modules=()
swift_module() {
    local name=$1 dependency sources stamp inputs=()
    if [ -n "${stamps[$name]:-}" ]; then return; fi
    for dependency in ${imports[$name]}; do
        swift_module "$dependency"
        inputs+=("${stamps[$dependency]}")
    done
    # The folders are a list.
    # shellcheck disable=SC2086
    mapfile -t sources < <(find ${folders[$name]:-Sources/$name} -name '*.swift' | LC_ALL=C sort)
    if [ ${#sources[@]} -eq 0 ]; then
        echo "build-core: $name has no sources" >&2
        exit 1
    fi
    stamp=$({
        printf '%s\n' "${swift_flags[@]}" "${inputs[@]}" "$toolchain" "${sources[@]}"
        cat "${sources[@]}" Sources/CBoringSSLInternals/include/*
    } | sha256sum | cut -d ' ' -f 1)
    if [ ! -f "$build/objects/$name.o" ] || [ "$(cat "$build/modules/$name.stamp" 2>/dev/null)" != "$stamp" ]; then
        echo "build-core: compiling $name in Embedded mode"
        rm -f "$build/modules/$name.stamp"
        "$bin/swiftc" "${swift_flags[@]}" -module-name "$name" -c "${sources[@]}" -o "$build/objects/$name.o" \
            -emit-module -emit-module-path "$build/modules/$name.swiftmodule"
        echo "$stamp" >"$build/modules/$name.stamp"
    fi
    stamps[$name]=$stamp
    modules+=("$name")
}

# Our own C: the runtime beneath the core, and the few doors into BoringSSL that its headers do not offer.
c_objects=()
compile_c() {
    local source object
    for source in Web/wasm/runtime.c Sources/CBoringSSLInternals/*.c Sources/CBoringSSLInternals/*.cc; do
        [ -e "$source" ] || continue
        object=$build/objects/$(basename "$source").o
        case $source in
        *.cc) "$bin/clang++" "${cxx_flags[@]}" -I Sources/CBoringSSLInternals/include -I "$boringssl" -c "$source" -o "$object" ;;
        *) "$bin/clang" "${c_flags[@]}" -I Sources/CBoringSSLInternals/include -I "$boringssl" -c "$source" -o "$object" ;;
        esac
        c_objects+=("$object")
    done
}

# link PRODUCT: 1 MiB of stack, below the data, so that an overflow traps and overwrites nothing; at most 512 MiB of memory
# (scrypt alone takes 128). PRODUCT.named.wasm is the same module with function names, for reading a trap's stack.
link() {
    local product=$1 objects=() name
    for name in "${modules[@]}"; do objects+=("$build/objects/$name.o"); done
    local inputs=("${objects[@]}" "${c_objects[@]}" "$library/libboringssl.a" "$llvm/lib/wasm32-wasi/libc++.a"
        "$llvm/lib/wasm32-wasi/libc++abi.a" /usr/lib/wasm32-wasi/libc.a "$builtins")
    local flags=(--no-entry --gc-sections --fatal-warnings --stack-first -z stack-size=1048576 --max-memory=536870912
        --wrap=free --wrap=realloc)
    "$bin/wasm-ld" "${flags[@]}" "${inputs[@]}" -o "$out/$product.named.wasm"
    "$bin/wasm-ld" "${flags[@]}" --strip-all "${inputs[@]}" -o "$out/$product.wasm"
    if grep -q wasi_snapshot_preview1 "$out/$product.wasm"; then
        echo "build-core: $product imports from WASI: answer that function in Web/wasm/runtime.c" >&2
        exit 1
    fi
    echo "build-core: $out/$product.wasm, $(stat -c %s "$out/$product.wasm") bytes, $(gzip -9c "$out/$product.wasm" | wc -c) gzipped"
}

module_maps
toolchain=$("$bin/swiftc" --version 2>/dev/null | head -n 1)
case $what in
boringssl) build_boringssl ;;
core | media | checks)
    build_boringssl
    compile_c
    case $what in
    core) swift_module MessengerWasm ;;
    media) swift_module MediaWasm ;;
    checks) swift_module ChecksWasm ;;
    esac
    link "$what"
    ;;
*)
    [ -n "${imports[$what]+known}" ] || { echo "build-core: no module or product $what" >&2; exit 64; }
    swift_module "$what"
    ;;
esac
