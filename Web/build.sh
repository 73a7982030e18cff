#!/usr/bin/env bash
# Bundles the web app into Web/dist and packs it into Sources/CWebApp/webapp.bin. Needs .build-wasm/core.wasm.
set -euo pipefail
cd "$(dirname "$0")/.."

core=${OUT:-.build-wasm}/core.wasm
dist=Web/dist

bundle() { # ENTRY RESULT [OPTION...]
    local entry=$1 result=$2
    shift 2
    esbuild "$entry" --bundle --minify --legal-comments=none --target=es2022 --charset=utf8 --log-level=warning "--outfile=$result" "$@"
}

rm -rf "$dist"
mkdir -p "$dist"
bundle Web/main.ts "$dist/app.js" --format=iife
bundle Web/worker/worker.ts "$dist/worker.js" --format=iife
bundle Web/style/app.css "$dist/app.css"
cp Web/index.html "$dist/"
if [ -d Web/static ]; then cp -r Web/static/. "$dist/"; fi
cp "$core" "$dist/core.wasm"
# The service worker names its cache after what it caches.
build_id=$(cd "$dist" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-16)
bundle Web/serviceworker.ts "$dist/sw.js" --format=iife "--define:BUILD_ID=\"$build_id\""
python3 Web/pack.py "$dist" Sources/CWebApp/webapp.bin
