#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the kernels give the same bits for every processor, SIMD level, optimisation and contraction: builds
# bits.c for this machine and for 64-bit Arm with Swift's own clang, runs all builds, the Arm ones under qemu-user, and
# compares their checksums. Ends with 1 where any differs. What is missing of qemu and the Arm libraries is installed
# where apt-get can; elsewhere the Arm builds are left out with a word.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf 'kernels: %s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Swift's own clang lies beside its libraries; Apple's tools find theirs.
clang=$(swiftc -print-target-info | sed -n 's|.*"runtimeResourcePath": *"\(.*\)/lib/swift".*|\1/bin/clang|p')
[ -x "$clang" ] || clang=$(command -v clang) || fail "there is no clang beside 'swiftc' nor on the PATH"

work=$(mktemp -d "${TMPDIR:-/tmp}/reprise-bits.XXXXXX")
trap 'rm -rf "$work"' EXIT

# --- Arm, on another processor --------------------------------------------------------------------------------------

emulator=""
find_emulator() { emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || emulator=""; }

# The folder of GCC's start-up files for Arm, whatever its version; empty where there is none.
arm_objects() {
    local folder
    for folder in /usr/lib/gcc-cross/aarch64-linux-gnu/*; do
        if [ -e "$folder/libgcc.a" ]; then echo "$folder"; return; fi
    done
}

has_arm() {
    find_emulator
    [ -n "$emulator" ] && [ -e /usr/aarch64-linux-gnu/include/math.h ] && [ -n "$(arm_objects)" ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Of the versions of GCC's files for Arm the newest; the others need no version.
arm_packages() {
    echo qemu-user libc6-dev-arm64-cross
    apt-cache pkgnames libgcc- | grep -E '^libgcc-[0-9]+-dev-arm64-cross$' | sort -V | tail -n 1
}

install_arm() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ -n "$(apt-cache pkgnames qemu-user)" ] || as_root apt-get update >"$work/apt" 2>&1 || return 1
    local packages
    packages=$(arm_packages) || return 1
    say "installing: ${packages//$'\n'/ }"
    # shellcheck disable=SC2086  # several packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >"$work/apt" 2>&1
}

# --- Builds ---------------------------------------------------------------------------------------------------------

# build NAME OPTION...: the program $work/NAME.
build() {
    local name=$1
    shift
    "$clang" -Wall -Wextra -Werror -ISources/CKernels/include "$@" \
        Scripts/bits/bits.c Sources/CKernels/kernels.c Sources/CKernels/reference.c -lm -o "$work/$name"
}

build_arm() {
    local name=$1 objects
    shift
    objects=$(arm_objects)
    build "$name" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -B"$objects" -L"$objects" \
        -L/usr/aarch64-linux-gnu/lib -fuse-ld=lld -static "$@"
}

# checksums TITLE COMMAND...: its lines, each after the title, to a file of its own.
checksums() {
    local title=$1
    shift
    "$@" | sed "s|^|$title |" >"$work/${title//[^A-Za-z0-9_-]/-}.checksums"
}

here=$(uname -m)
native() {
    build "here$1" "${@:2}" && checksums "$here$1" "$work/here$1"
}

arm() {
    build_arm "arm$1" "${@:3}"
    local processor
    for processor in $2; do checksums "aarch64$1/$processor" "$emulator" -cpu "$processor" "$work/arm$1"; done
}

jobs=()
native -O0 -O0 & jobs+=($!)
native -O2 -O2 & jobs+=($!)
native -O3-contracting -O3 -march=native -ffp-contract=fast-honor-pragmas & jobs+=($!)
emulated=""
if [ "$here" != aarch64 ] && [ "$here" != arm64 ]; then
    if has_arm || { install_arm && has_arm; }; then
        emulated=" (neon under emulation)"
        arm -O0 max -O0 & jobs+=($!)
        arm -O2 "cortex-a57 max" -O2 & jobs+=($!)
        arm -O3-contracting-sve "max" -O3 -march=armv8.2-a+sve -ffp-contract=fast-honor-pragmas & jobs+=($!)
    else
        say "64-bit Arm left out: qemu-user and the Arm libraries are not installed and cannot be"
    fi
fi
for job in "${jobs[@]}"; do wait "$job" || fail "a build or a run failed"; done

# --- Comparison -----------------------------------------------------------------------------------------------------

awk -v emulated="$emulated" '
    { checksum = $4 " " $5 }
    !($3 in wanted) { wanted[$3] = checksum; first[$3] = $1 " " $2; kernels++ }
    wanted[$3] != checksum { print "error: " $3 " differs between " first[$3] " and " $1 " " $2; differs = 1 }
    { builds[$1] = 1; levels[$2] = 1 }
    END {
        if (differs || !kernels) exit 1
        count = 0
        for (build in builds) count++
        split("scalar baseline avx2 avx512 neon", order)
        for (i = 1; i <= 5; i++) if (order[i] in levels) names = names " " order[i]
        print "kernels: " kernels " kernels have the same bits in " count " builds; levels:" names emulated
    }' "$work"/*.checksums || fail "the kernels do not give the same bits everywhere"
for level in avx2 avx512 neon; do
    grep -q "^[^ ]* $level " "$work"/*.checksums || say "not run: $level, which this processor lacks"
done

# One bit of the inputs must show in every kernel.
checksums spoilt "$work/here-O2" spoilt
awk '{ key = $2 " " $3 } FNR == NR { whole[key] = $5; next } whole[key] == $5 { print "error: " key; same = 1 }
    END { exit same }' "$work/$here-O2.checksums" "$work/spoilt.checksums" \
    || fail "a changed input does not show in the checksum"
say "one changed bit of the inputs shows in every kernel's checksum"
