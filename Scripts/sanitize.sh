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
#   With `thread` also BicubicTableTests: hours of arithmetic on one thread, where there is nothing to find; `address`
#   watches them.
skipped=(--skip FaultWriteTests --skip FaultClockTests)
thread_skipped=(--skip BicubicTableTests)

# The sanitizers keep what they know of an address at a fixed distance from it; where the system shuffles addresses
# widely, that place can be taken and they stop or hang. Without the shuffling it is free.
fixed=()
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed=(setarch "$(uname -m)" -R); fi

# Signals are the sanitizers' to tell of, and their libraries need the shared runtime.
export REPRISE_SHARED_RUNTIME=1 SWIFT_BACKTRACE=enable=no

status=0
for kind in "${kinds[@]}"; do
    echo "== $kind"
    build=(-c release --disable-testable-imports --sanitize="$kind" --scratch-path ".build-$kind")
    if [ "$(uname -s)" = Linux ]; then
        mkdir -p ".build-$kind"
        clang -O1 -c -fPIC "Scripts/sanitize/$kind.c" -o ".build-$kind/$kind.o"
        build+=(-Xlinker "$root/.build-$kind/$kind.o")
    fi
    left_out=("${skipped[@]}")
    [ "$kind" != thread ] || left_out+=("${thread_skipped[@]}")
    swift test list "${build[@]}" >/dev/null
    tests=(${fixed[@]+"${fixed[@]}"} swift test --skip-build "${build[@]}" "${left_out[@]}")
    if [ ${#filter[@]} -gt 0 ]; then
        "${tests[@]}" "${filter[@]}" || status=1
        continue
    fi
    # TensorStoreTests tries thousands of damaged files in forks, each of which is a copy of what the process and its
    # sanitizer have in memory: little in a process of their own.
    "${tests[@]}" --filter TensorStoreTests || status=1
    "${tests[@]}" --skip TensorStoreTests || status=1
done
exit $status
