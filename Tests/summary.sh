#!/usr/bin/env bash
# The end of `make test`: every runner's closing line, and which tests were skipped and why. With CI=true a skipped test fails.
set -euo pipefail
cd "$(dirname "$0")/.."

echo
echo "All passed:"
cat .build-logs/*.closing
skipped=$(cat .build-logs/*.skipped)
if [ -z "$skipped" ]; then
    echo "0 skipped"
    exit
fi
count=$(sed -E 's/^SKIPPED \[([0-9]+)\].*/\1/; t; s/.*/1/' <<<"$skipped" | awk "{ sum += \$1 } END { print sum }")
echo "$count skipped:"
echo "$skipped"
if [ "${CI:-}" = true ]; then
    echo "summary: with CI=true no test may be skipped" >&2
    exit 1
fi
