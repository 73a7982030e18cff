#!/usr/bin/env bash
# Runs one of `make test`'s runners: closing-line.sh NAME PATTERN COMMAND...
#
# Its output goes to the terminal and to .build-logs/NAME.log; the last line that matches PATTERN is kept in
# .build-logs/NAME.closing, with the seconds that it all took, and what was skipped, with the reasons, in
# .build-logs/NAME.skipped, both for Tests/summary.sh. A runner that ends well without such a line has not run what it should.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 pattern=$2
shift 2
log=.build-logs/$name
mkdir -p .build-logs
rm -f "$log.closing" "$log.skipped"
SECONDS=0
"$@" 2>&1 | tee "$log.log"
# In a terminal's colours the lines would not be found.
plain=$(sed 's/\x1b\[[0-9;]*m//g' "$log.log")
if ! grep -E -- "$pattern" <<<"$plain" | tail -n 1 >"$log.closing" || [ ! -s "$log.closing" ]; then
    echo "closing-line: $name ended without its closing line ($pattern)" >&2
    exit 1
fi
sed -i "s/\$/ [$SECONDS s]/" "$log.closing"
# As Swift Testing, node and pytest (-rs) say it; pytest's lines may stand for several. Swift's without a reason is a tool that is off,
# such as the one that prints a simulated world.
grep -E '^[^ ]+ Test .* skipped: |^ *﹣ .* # |^SKIPPED \[[0-9]+\] ' <<<"$plain" >"$log.skipped" || true
