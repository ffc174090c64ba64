#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests with a watch on every access to memory: sanitize.sh [thread|address...] [-- FILTER], both where none is
# named; FILTER is what `swift test --filter` takes. Each has a build folder of its own. The exit status is 1 where a
# test fails or a sanitizer has something to say.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
kinds=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    kinds+=("$1")
    shift
done
[ ${#kinds[@]} -gt 0 ] || kinds=(thread address)
filter=()
if [ $# -gt 1 ]; then filter=(--filter "$2"); fi

# What is not run under a sanitizer, and why.
#   FaultWriteTests, FaultClockTests: the fault layer has to be loaded before the C library, as the sanitizer's own
#   library has to.
skipped=(--skip FaultWriteTests --skip FaultClockTests)

status=0
for kind in "${kinds[@]}"; do
    echo "== $kind"
    # Signals are the sanitizers' to tell of, and their libraries need the shared runtime. What lives as long as the
    # program is held by pointers with marks in them, which would be told as leaks.
    REPRISE_SHARED_RUNTIME=1 SWIFT_BACKTRACE=enable=no TSAN_OPTIONS=exitcode=66 ASAN_OPTIONS=detect_leaks=0 \
        swift test -c release --disable-testable-imports --sanitize="$kind" --scratch-path ".build-$kind" \
        ${filter[@]+"${filter[@]}"} "${skipped[@]}" || status=1
done
exit $status
