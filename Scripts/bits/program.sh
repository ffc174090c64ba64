#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that a pipeline has the same content whatever made it: runs pipeline.yml with a release build on one thread,
# locks it, and checks the lock with 2, 3, 7 and 16 threads, at every SIMD level of the processor, after a kill in the
# middle of the training, and with a debug build. Ends with 1 where any content differs.
#
#     program.sh RELEASE DEBUG        the programs of the two builds
set -euo pipefail
release=$1
debug=$2

work=$(mktemp -d "${TMPDIR:-/tmp}/reprise-bits.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset REPRISE_SIMD REPRISE_CACHE REPRISE_DATA

say() { printf 'program: %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# lock FOLDER OPTION...: the lock of the pipeline, made on one thread, that the checks in this folder compare with.
lock() {
    mkdir "$work/$1"
    cp "$(dirname "$0")/pipeline.yml" "$work/$1"
    "$release" lock "$work/$1" --cache "$work/$1/locked" --threads 1 --quiet "${@:2}" >/dev/null
}

# check FOLDER TITLE PROGRAM OPTION...: makes what the cache of the title lacks, which is all where there is none, and
# compares every stage.
check() {
    local folder=$work/$1 title=$2
    "$3" check "$folder" --cache "$folder/$title" --quiet "${@:4}" >"$work/words" 2>&1 \
        || fail "$title: $(cat "$work/words")"
    say "same content: $title"
}

# The program refuses the levels that its processor lacks.
check_level() {
    local folder=$work/short
    if REPRISE_SIMD=$1 "$release" check "$folder" --cache "$folder/$1" --quiet >"$work/words" 2>&1; then
        say "same content: $1"
    elif grep -q "which this machine does not have" "$work/words"; then
        say "not run: $1, which this processor lacks"
    else
        fail "$1: $(cat "$work/words")"
    fi
}

# The slowest level leaves time for the kill between the first checkpoint and the end.
kill_in_training() {
    local cache=$work/long/killed
    REPRISE_SIMD=baseline "$release" run "$work/long" --cache "$cache" --threads 2 --quiet "$@" >/dev/null 2>&1 &
    local program=$!
    until compgen -G "$cache/work/*/checkpoint/*" >/dev/null; do
        kill -0 "$program" 2>/dev/null || fail "the training ended before it could be killed"
        sleep 0.2
    done
    kill -KILL "$program"
    wait "$program" 2>/dev/null || true
}

lock short
for threads in 2 3 7 16; do check short "$threads-threads" "$release" --threads "$threads"; done
for level in baseline avx2 avx512 neon; do check_level "$level"; done
check short debug "$debug" --threads 2

steps=(--set steps=1000)
lock long "${steps[@]}"
kill_in_training "${steps[@]}"
check long killed "$release" --threads 3 "${steps[@]}"
"$release" log "$work/long" train --cache "$work/long/killed" "${steps[@]}" >"$work/words" 2>&1 || true
grep -o 'goes on from a checkpoint at step [0-9]*' "$work/words" | sed 's/^/program: the killed training /' \
    || fail "the killed training began anew: $(cat "$work/words")"

# Other seeds draw other weights and another order: the comparison must tell.
if "$release" check "$work/short" --cache "$work/short/seed" --set seed=2 --quiet >"$work/words" 2>&1; then
    fail "another seed gave the same content"
fi
grep -q "stage 'train' differs" "$work/words" || fail "another seed: $(cat "$work/words")"
say "another seed is told"
