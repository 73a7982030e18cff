#!/usr/bin/env bash
# Bundles the web app into Web/dist and packs it into Sources/CWebApp/webapp.bin. Needs core.wasm and media.wasm in .build-wasm.
set -euo pipefail
cd "$(dirname "$0")/.."

modules=${OUT:-.build-wasm}
dist=Web/dist

bundle() { # ENTRY RESULT [OPTION...]
    local entry=$1 result=$2
    shift 2
    esbuild "$entry" --bundle --minify --legal-comments=none --target=es2022 --charset=utf8 --log-level=warning "--outfile=$result" "$@"
}

rm -rf "$dist"
mkdir -p "$dist"
# What the app imports only when it is needed becomes a file of its own, named after what is in it: a page that was loaded before
# the node got a new build never mixes the two.
esbuild app=Web/main.ts --bundle --splitting --format=esm --minify --legal-comments=none --target=es2022 --charset=utf8 \
    --log-level=warning '--chunk-names=[name]-[hash]' "--outdir=$dist"
bundle Web/worker/worker.ts "$dist/worker.js" --format=iife
bundle Web/files/worker.ts "$dist/files.js" --format=iife
bundle Web/calls/media/worker.ts "$dist/media.js" --format=iife
bundle Web/style/app.css "$dist/app.css"
bundle Web/calls/style/calls.css "$dist/calls.css"
# What the app cannot start without is asked for at once, not file by file as each import is seen.
imports=app.js
while
    before=$imports
    imports=$(cd "$dist" && { echo "$imports"; cat $imports | grep -oE '(from|import) ?"\./[^"]+"' | grep -oE '[^/"]+\.js'; } | sort -u)
    [ "$imports" != "$before" ]
do :; done
startup=$(echo "$imports" | grep -v '^app\.js$')
preload=$(echo "$startup" | sed 's|.*|<link rel="modulepreload" href="/&">|' | tr -d '\n')
version=$(sed -n 's/.*static let number = "\(.*\)"/\1/p' Sources/Node/Start/Version.swift)
sed -e "s|<!-- preload -->|$preload|" -e "s|name=\"version\" content=\"\"|name=\"version\" content=\"$version\"|" Web/index.html >"$dist/index.html"
if [ -d Web/static ]; then cp -r Web/static/. "$dist/"; fi
cp "$modules/core.wasm" "$modules/media.wasm" "$dist/"
# The service worker names its cache after what it caches.
build_id=$(cd "$dist" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-16)
chunks=$(cd "$dist" && printf '"/%s",' *-????????.js | sed 's/,$//')
startup_chunks=$(echo "$startup" | sed 's|.*|"/&"|' | paste -sd,)
bundle Web/serviceworker.ts "$dist/sw.js" --format=iife "--define:BUILD_ID=\"$build_id\"" "--define:CHUNKS=[$chunks]" \
    "--define:STARTUP_CHUNKS=[$startup_chunks]"
# An archive that was not there is no dependency yet of the file that embeds it.
[ -e Sources/CWebApp/webapp.bin ] || touch Sources/CWebApp/CWebApp.c
python3 Web/pack.py "$dist" Sources/CWebApp/webapp.bin
