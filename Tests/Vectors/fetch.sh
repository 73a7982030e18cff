#!/usr/bin/env bash
# Fetches the official test vectors: fetch.sh FOLDER. Their repositories and commits are in `sources` beside this file (or the file
# that VECTORS_SOURCES names), what each file must be in `sha256sums`. Nothing is put into FOLDER unless all of it is right.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
sources=${VECTORS_SOURCES:-$here/sources}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
while read -r name repository commit path original; do
    case $name in "" | \#*) continue ;; esac
    echo "Fetching $name from $repository"
    clone=$work/repository-$name
    git init -q "$clone"
    git -C "$clone" remote add origin "$repository"
    # Without the files' contents: only what is asked for below is then fetched, where the server can.
    if ! git -C "$clone" fetch -q --depth 1 --filter=blob:none origin "$commit" 2>"$work/error"; then
        echo "vectors: $repository cannot be reached, or has no commit $commit any more. Check the network, then run 'make vectors' again." >&2
        sed 's/^/    /' "$work/error" >&2
        exit 1
    fi
    mkdir -p "$work/vectors/$name"
    while read -r _ file; do
        case $file in "$name"/*) ;; *) continue ;; esac
        inside=$path/${original:-${file#*/}}
        git -C "$clone" show "FETCH_HEAD:${inside#./}" >"$work/vectors/$file" 2>/dev/null || {
            echo "vectors: $repository has no $inside at commit $commit: Tests/Vectors/sources is wrong." >&2
            exit 1
        }
    done <"$here/sha256sums"
done <"$sources"
if ! (cd "$work/vectors" && sha256sum --quiet --check "$here/sha256sums" 2>/dev/null) >"$work/wrong"; then
    echo "vectors: these files are not what their SHA-256 in Tests/Vectors/sha256sums says; nothing was kept:" >&2
    sed 's/:.*//; s/^/    /' "$work/wrong" >&2
    exit 1
fi
mkdir -p "$folder"
cp -r "$work/vectors/." "$folder/"
echo "$(wc -l <"$here/sha256sums") files are in $folder"
