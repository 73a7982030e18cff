#!/usr/bin/env bash
# Builds the scripted app into .build-demo, to be served by any static server: for looking at screens, not shipped.
set -euo pipefail
cd "$(dirname "$0")/../../.."
rm -rf .build-demo
mkdir -p .build-demo
esbuild app=Tests/Web/demo/main.ts --bundle --splitting --target=es2022 --format=esm --charset=utf8 --log-level=warning \
    --tsconfig=Web/tsconfig.json --outdir=.build-demo
esbuild Web/style/app.css --bundle --log-level=warning --outfile=.build-demo/app.css
esbuild Web/calls/style/calls.css --bundle --log-level=warning --outfile=.build-demo/calls.css
esbuild Web/calls/media/worker.ts --bundle --target=es2022 --format=iife --log-level=warning --outfile=.build-demo/media.js
cp .build-wasm/media.wasm .build-demo/
cp Web/index.html .build-demo/
cp Web/static/* .build-demo/
for part in channels store files callmedia; do
    esbuild "Tests/Web/demo/$part.ts" --bundle --target=es2022 --format=iife --log-level=warning "--outfile=.build-demo/$part-page.js"
    echo "<!doctype html><script src=\"$part-page.js\"></script>" >".build-demo/$part.html"
done
esbuild Web/files/worker.ts --bundle --target=es2022 --format=iife --log-level=warning --outfile=.build-demo/files.js
