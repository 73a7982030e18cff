#!/usr/bin/env python3
"""Packs the built web app into the one archive that the executable embeds.

    pack.py DIST ARCHIVE

The archive is in the product's one encoding (WireFormat: RFC 9420 section 2.1.2):

    struct {
        opaque path<V>;          // URL path: "/" for index.html, "/app.js", ...
        opaque contentType<V>;   // the header's value
        opaque encoding<V>;      // Content-Encoding: "br", "gzip", or "" for none
        opaque etag<V>;          // the header's value, its quotes included
        opaque body<V>;
    } Entry;

    struct {
        uint8 magic[4];          // "CPWA"
        uint8 version = 1;
        Entry entries<V>;        // to the end of the file
    } Archive;

Several entries may have one path, the smallest encoding first and the plain one last: the node sends the first that the
browser accepts. The same input gives the same bytes. The whole of it, compressed, is what a first visit loads, but for LATER:
what is loaded when it is first needed. Above FIRST_LOAD_LIMIT the build fails.
"""

import fnmatch
import hashlib
import pathlib
import subprocess
import sys
import zlib

FIRST_LOAD_LIMIT = 400_000

# Patterns of paths. Of the app's own chunks, index.html names those that are needed at once.
LATER = [
    "/calls.css",
    "/files.js",
    "/media.js",
    "/media.wasm",
]

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


def length(value: int) -> bytes:
    """A variable-size integer in its shortest form."""
    if value < 1 << 6:
        return value.to_bytes(1, "big")
    if value < 1 << 14:
        return (value | 1 << 14).to_bytes(2, "big")
    if value < 1 << 30:
        return (value | 2 << 30).to_bytes(4, "big")
    raise ValueError("longer than the encoding can say")


def opaque(value: bytes) -> bytes:
    return length(len(value)) + value


def gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31, 9)  # 31: a gzip header, without a time in it
    return compressor.compress(body) + compressor.flush()


def brotli(body: bytes) -> bytes:
    return subprocess.run(["brotli", "-q", "11", "-w", "22", "-c", "-"], input=body, stdout=subprocess.PIPE, check=True).stdout


def entry(path: str, content_type: str, encoding: str, body: bytes) -> bytes:
    etag = '"' + hashlib.sha256(encoding.encode() + b"\0" + body).hexdigest()[:32] + '"'
    fields = [path.encode("ascii"), content_type.encode("ascii"), encoding.encode("ascii"), etag.encode("ascii"), body]
    return b"".join(opaque(field) for field in fields)


def main(dist: pathlib.Path, archive: pathlib.Path) -> int:
    index = (dist / "index.html").read_text()
    entries = b""
    first_load = 0
    for file in sorted(path for path in dist.rglob("*") if path.is_file()):
        path = "/" + file.relative_to(dist).as_posix()
        if path == "/index.html":
            path = "/"
        content_type = CONTENT_TYPES.get(file.suffix)
        if content_type is None:
            print(f"pack: no content type is known for {file}: add its suffix to CONTENT_TYPES", file=sys.stderr)
            return 1
        plain = file.read_bytes()
        variants = sorted((len(body), name, body) for name, body in (("br", brotli(plain)), ("gzip", gzip(plain))))
        smallest = len(plain)
        for size, name, body in variants:
            if size < len(plain):
                entries += entry(path, content_type, name, body)
                smallest = min(smallest, size)
        entries += entry(path, content_type, "", plain)
        is_chunk = fnmatch.fnmatchcase(path, "/*-????????.js")
        is_later = (is_chunk and path not in index) or any(fnmatch.fnmatchcase(path, pattern) for pattern in LATER)
        if not is_later:
            first_load += smallest
        print(f"pack: {path:28} {len(plain):9,} bytes, {smallest:9,} compressed{', later' if is_later else ''}")

    print(f"pack: first load {first_load:,} bytes of at most {FIRST_LOAD_LIMIT:,}")
    if first_load > FIRST_LOAD_LIMIT:
        print("pack: the first load is too large", file=sys.stderr)
        return 1
    packed = b"CPWA" + b"\x01" + opaque(entries)
    # An unchanged archive keeps its time, so that nothing is compiled again.
    if not archive.exists() or archive.read_bytes() != packed:
        archive.write_bytes(packed)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: pack.py DIST ARCHIVE")
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
