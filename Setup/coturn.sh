#!/usr/bin/env bash
# Debian's coturn for tests and benchmarks, unpacked into .build-tools and never installed: its package starts a relay that takes
# whoever comes. What libraries of its the system lacks are unpacked beside it. Its programs are in .build-tools/bin.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build-tools/coturn
[ ! -x .build-tools/bin/turnserver ] || exit 0
[ -n "$(apt-cache policy coturn 2>/dev/null)" ] || $([ "$(id -u)" -eq 0 ] || echo sudo) apt-get update -q
mapfile -t needed < <(apt-get install --simulate --no-install-recommends coturn 2>/dev/null | awk '$1 == "Inst" { print $2 }')
# An installed one may have been configured: the tests take the package as it is.
[[ " ${needed[*]} " == *" coturn "* ]] || needed+=(coturn)
echo "Unpacking (not installing) into $folder: ${needed[*]}"
rm -rf "$folder" .build-tools/bin
mkdir -p "$folder/packages" .build-tools/bin
if ! (cd "$folder/packages" && apt-get -o APT::Sandbox::User="$(id -un)" download -q "${needed[@]}" >/dev/null); then
    echo "setup: these packages cannot be downloaded: ${needed[*]}. Check the network and run it again." >&2
    exit 1
fi
for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder"; done
rm -rf "$folder/packages"
for program in turnserver turnutils_uclient turnutils_peer turnutils_stunclient; do
    cat >".build-tools/bin/$program" <<'PROGRAM'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/../coturn
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu "$here"/lib/*-linux-gnu | tr ' ' :) exec "$here/usr/bin/$(basename "$0")" "$@"
PROGRAM
    chmod +x ".build-tools/bin/$program"
done
