#!/usr/bin/env bash
# Runs one of `make test`'s runners: closing-line.sh NAME PATTERN COMMAND...
#
# Its output goes to the terminal and to .build-logs/NAME.log; the last line that matches PATTERN is kept in
# .build-logs/NAME.closing, for the summary. A runner that ends well without such a line has not run what it should.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 pattern=$2
shift 2
log=.build-logs/$name
mkdir -p .build-logs
rm -f "$log.closing"
"$@" 2>&1 | tee "$log.log"
# In a terminal's colours the line would not be found.
if ! sed 's/\x1b\[[0-9;]*m//g' "$log.log" | grep -E -- "$pattern" | tail -n 1 >"$log.closing" || [ ! -s "$log.closing" ]; then
    echo "closing-line: $name ended without its closing line ($pattern)" >&2
    exit 1
fi
