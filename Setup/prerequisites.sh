#!/usr/bin/env bash
# What building (prerequisites.sh run) or testing (prerequisites.sh test) needs: checks all of it, says what it will install, and then
# installs that. Debian's and Ubuntu's package names. At a terminal it asks first, unless CI=true.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=$1
stop() {
    echo "setup: $*" >&2
    exit 1
}

# Swift, in words: OpenStack's client has the same name.
swift=$(command -v swift || true)
advice="Install Swift 6.3 (https://swift.org/install/linux) to /opt/swift, or put its usr/bin first on the PATH."
[ -n "$swift" ] || stop "Swift is missing. $advice"
said=$("$swift" --version 2>/dev/null || true)
[[ $said =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || stop "$swift is not the Swift compiler. $advice"
major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
[ "$major" -eq 6 ] && [ "$minor" -ge 3 ] || stop "$swift is Swift $major.$minor; this needs 6.3 or a later 6. $advice"

# What is built takes some 2 GB, browsers and Python packages another one.
free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
[ "$free" -ge 4 ] || [ -d .build/release ] || stop "$PWD has $free GiB of room; the first build needs 4. Make room, or clone to a larger disk."

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }
# Ubuntu's packages of browsers only install a snap, which cannot be driven from outside.
is_real() { has_candidate "$1" && ! apt-cache show "$1" 2>/dev/null | grep -q '^Depends:.*snapd'; }

packages=(esbuild node-qrcode-generator brotli python3 git libsqlite3-dev zlib1g-dev wasi-libc)
if [ "$purpose" = test ]; then
    packages+=(node-typescript libnss3-tools gdb python3-venv iproute2 nftables conntrack)
    command -v node >/dev/null || packages+=(nodejs)
    [ -n "${CRYPTPEER_CHROMIUM:-}" ] || packages+=(chromium)
    [ -n "${CRYPTPEER_FIREFOX:-}" ] || packages+=(firefox-esr)
    for browser in "${CRYPTPEER_CHROMIUM:-}" "${CRYPTPEER_FIREFOX:-}"; do
        [ -z "$browser" ] || [ -x "$browser" ] || stop "There is no program $browser: correct CRYPTPEER_CHROMIUM or CRYPTPEER_FIREFOX."
    done
fi

if ! command -v apt-get >/dev/null; then
    stop "This system has no apt-get. Install these (Debian's names) by its own means, with the C++ library for WebAssembly of" \
        "some LLVM (libc++-N-dev-wasm32, libc++abi-N-dev-wasm32, libclang-rt-N-dev-wasm32), and run 'swift build': ${packages[*]}"
fi

# The newest LLVM of which all that WebAssembly needs is there; what is installed already comes first.
wasm_packages() { printf '%s\n' "libc++-$1-dev-wasm32" "libc++abi-$1-dev-wasm32" "libclang-rt-$1-dev-wasm32"; }
all_are() { # all_are TEST PACKAGE...
    local test=$1 package
    shift
    for package in "$@"; do "$test" "$package" || return 1; done
}
find_llvm() {
    local test version
    for test in is_installed has_candidate; do
        for version in {22..14}; do
            # shellcheck disable=SC2046
            if all_are "$test" $(wasm_packages "$version"); then
                echo "$version"
                return
            fi
        done
    done
}
missing() {
    local package
    for package in "${packages[@]}"; do is_installed "$package" || echo "$package"; done
}
administrator=()
[ "$(id -u)" -eq 0 ] || administrator=(sudo)
ask() { # ask WHAT: goes on unless somebody at a terminal says no
    if [ -t 0 ] && [ -t 1 ] && [ "${CI:-}" != true ]; then
        read -r -p "$1 Go on? [Y/n] " answer
        case $answer in [nN]*) stop "Stopped; nothing was installed." ;; esac
    else
        echo "$1"
    fi
}

llvm=$(find_llvm)
mapfile -t wanted < <(missing)
if [ -z "$llvm" ] || [ ${#wanted[@]} -gt 0 ] || ! all_are is_installed $(wasm_packages "$llvm"); then
    [ ${#administrator[@]} -eq 0 ] || command -v sudo >/dev/null || stop "Packages are missing (${wanted[*]}), and there is no sudo: run this as root once."
    # What the system may know of packages is a list that has to be there.
    "${administrator[@]}" apt-get update -q
    llvm=$(find_llvm)
    [ -n "$llvm" ] || stop "This system's packages have no C++ library for WebAssembly (libc++-N-dev-wasm32, N from 14 to 22). Debian 12 and later have it."
    mapfile -t -O ${#packages[@]} packages < <(wasm_packages "$llvm")
    mapfile -t wanted < <(missing)
    for package in "${wanted[@]}"; do
        case $package in
        chromium) is_real "$package" || stop "This system has no package of Chromium but a snap: install Chromium otherwise, and set CRYPTPEER_CHROMIUM to its program." ;;
        firefox-esr) is_real "$package" || stop "This system has no package firefox-esr: install Firefox ESR otherwise, and set CRYPTPEER_FIREFOX to its program." ;;
        *) has_candidate "$package" || stop "This system's packages have no $package: enable the repository that has it (Ubuntu: universe)." ;;
        esac
    done
fi
if [ ${#wanted[@]} -gt 0 ]; then
    ask "These packages will be installed: ${wanted[*]}."
    "${administrator[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi
