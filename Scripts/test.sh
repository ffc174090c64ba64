#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every test: test.sh ARGUMENTS..., which `swift test` takes. What failed is told once more at the end, where it is
# found without reading the lines of a thousand tests.
set -euo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT

status=0
run() { swift test "$@" 2>&1 | tee -a "$log" || status=1; }

# TensorStoreTests runs its tests one after another, and tries thousands of damaged files in forks, each of which is a
# copy of what the process has in memory. Beside all others each of its tests waits for its turn anew, and is done last.
run "$@" --filter TensorStoreTests
if grep -q "Test run with" "$log"; then run "$@" --skip-build --skip TensorStoreTests; fi

echo
if [ $status -eq 0 ]; then
    echo "All passed:"
    grep "Test run with" "$log"
    exit 0
fi
echo "What failed:"
# An issue's own line with those that belong to it, and what the compiler says; else whatever came last.
failures=$(awk '
    /^◇/ || /^✔/ { issue = 0; next }
    / recorded an issue |error: |Fatal error|unexpected signal/ { issue = 1; print; next }
    issue && /^↳/ { print; next }
    { issue = 0 }
' "$log")
{ if [ -n "$failures" ]; then echo "$failures"; else tail -n 20 "$log"; fi; } | cut -c 1-300 | sed -n 1,40p
exit 1
