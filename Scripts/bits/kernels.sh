#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that the kernels give the same bits for every processor, SIMD level, optimisation and contraction: builds
# bits.c for this machine and for 64-bit Arm with Swift's own clang, runs all builds, the Arm ones under qemu-user, and
# compares their checksums. Where the processor lacks AVX-512, that level runs on a PC that Bochs emulates. Ends with 1
# where any checksum differs. What is missing of qemu, the Arm libraries and Bochs is installed where apt-get can;
# elsewhere what needs them is left out with a word.
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
here=$(uname -m)
warnings=(-Wall -Wextra -Werror -ISources/CKernels/include)
sources=(Scripts/bits/bits.c Sources/CKernels/kernels.c Sources/CKernels/reference.c)

# --- What is needed for other processors ----------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$work/apt" 2>&1
}

# install WHAT PACKAGE...: says so; fails where it cannot. The lists of packages are fetched only where they are too old
# to install from.
install() {
    say "installing for $1: ${*:2}"
    apt_install "${@:2}" || { as_root apt-get update >"$work/apt" 2>&1 && apt_install "${@:2}"; }
}

# Whether there is apt, with lists of packages.
has_apt() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ -n "$(apt-cache pkgnames qemu-user)" ] || as_root apt-get update >"$work/apt" 2>&1
}

# The folder of GCC's start-up files for Arm, whatever its version; empty where there is none.
arm_objects() {
    local folder
    for folder in /usr/lib/gcc-cross/aarch64-linux-gnu/*; do
        if [ -e "$folder/libgcc.a" ]; then echo "$folder"; return; fi
    done
}

qemu() { command -v qemu-aarch64 || command -v qemu-aarch64-static; }

has_arm() { qemu >/dev/null && [ -e /usr/aarch64-linux-gnu/include/math.h ] && [ -n "$(arm_objects)" ]; }

# Of the versions of GCC's files for Arm the newest; the others need no version.
install_arm() {
    has_apt || return 1
    local newest
    newest=$(apt-cache pkgnames libgcc- | grep -E '^libgcc-[0-9]+-dev-arm64-cross$' | sort -V | tail -n 1)
    install "64-bit Arm" qemu-user libc6-dev-arm64-cross ${newest:+"$newest"}
}

bochs_files=(/usr/share/bochs/BIOS-bochs-latest /usr/share/vgabios/vgabios.bin)
has_bochs() { command -v bochs >/dev/null 2>&1 && [ -e "${bochs_files[0]}" ] && [ -e "${bochs_files[1]}" ]; }
install_bochs() { has_apt && install AVX-512 bochs bochs-term bochsbios vgabios; }

# --- Builds and runs ------------------------------------------------------------------------------------------------

# checksums TITLE COMMAND...: its lines, each after the title, to a file of its own.
checksums() {
    local title=$1
    shift
    "$@" | sed "s|^|$title |" >"$work/${title//[^A-Za-z0-9_-]/-}.checksums"
}

# native NAME OPTION...
native() {
    "$clang" "${warnings[@]}" "${@:2}" "${sources[@]}" -lm -o "$work/native$1"
    checksums "$here$1" "$work/native$1"
}

# arm NAME PROCESSORS OPTION...
arm() {
    local objects processor
    objects=$(arm_objects)
    "$clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -B"$objects" -L"$objects" \
        -L/usr/aarch64-linux-gnu/lib -fuse-ld=lld -static "${warnings[@]}" "${@:3}" "${sources[@]}" -lm \
        -o "$work/arm$1"
    for processor in $2; do checksums "aarch64$1/$processor" "$(qemu)" -cpu "$processor" "$work/arm$1"; done
}

# A program that needs no system under it, on a disk of its own; the emulated processor is a Skylake X.
avx512() {
    local disk=$work/disk libgcc options
    libgcc=$("$clang" --rtlib=libgcc -print-libgcc-file-name)
    options=(-O2 -fno-pic -fno-stack-protector -mno-red-zone -fno-math-errno -U_FORTIFY_SOURCE)
    # The scalar parts take the processor's fma for the C library's; the kernels' levels are what they always are.
    "$clang" "${warnings[@]}" "${options[@]}" -mfma -c Scripts/bits/bits.c -o "$work/bare-bits.o"
    "$clang" "${warnings[@]}" "${options[@]}" -mfma -c Sources/CKernels/reference.c -o "$work/bare-reference.o"
    "$clang" "${warnings[@]}" "${options[@]}" -c Sources/CKernels/kernels.c -o "$work/bare-kernels.o"
    "$clang" "${warnings[@]}" "${options[@]}" -ffreestanding -fno-builtin -c Scripts/bits/bare/bare.c \
        -o "$work/bare-bare.o"
    "$clang" -c Scripts/bits/bare/start.S -o "$work/bare-start.o"
    "$clang" -fuse-ld=lld -static -nostdlib -Wl,-T,Scripts/bits/bare/bare.ld -Wl,--build-id=none \
        "$work"/bare-*.o "$libgcc" -o "$work/bare"
    "${clang%clang}llvm-objcopy" -O binary "$work/bare" "$disk"
    truncate -s $((16 * 63 * 512 * 4)) "$disk"
    cat >"$work/bochs" <<END
megs: 32
cpu: model=corei7_skylake_x, ips=100000000
romimage: file=${bochs_files[0]}
vgaromimage: file=${bochs_files[1]}
ata0-master: type=disk, path=$disk, mode=flat, cylinders=4, heads=16, spt=63
boot: disk
display_library: rfb, options="timeout=0"
port_e9_hack: enabled=1
speaker: enabled=0
log: $work/bochs.log
panic: action=fatal
END
    # Debian's Bochs has its debugger built in, which is told to go on. Its status is that of a panic, which is how the
    # program switches the machine off.
    echo c >"$work/debugger"
    timeout 180 bochs -q -f "$work/bochs" -rc "$work/debugger" </dev/null >"$work/bochs.output" 2>&1 || true
    checksums "x86_64-O2/bochs" grep -a "^avx512 " "$work/bochs.output"
}

jobs=()
native -O0 -O0 & jobs+=($!)
native -O2 -O2 & jobs+=($!)
native -O3-contracting -O3 -march=native -ffp-contract=fast-honor-pragmas & jobs+=($!)
emulated=""
if [ "$here" != aarch64 ] && [ "$here" != arm64 ]; then
    if has_arm || { install_arm && has_arm; }; then
        emulated="neon"
        arm -O0 max -O0 & jobs+=($!)
        arm -O2 "cortex-a57 max" -O2 & jobs+=($!)
        arm -O3-contracting-sve "max" -O3 -march=armv8.2-a+sve -ffp-contract=fast-honor-pragmas & jobs+=($!)
    else
        say "64-bit Arm left out: qemu-user and the Arm libraries are not installed and cannot be"
    fi
fi
if [ "$here" = x86_64 ] && ! grep -qw avx512f /proc/cpuinfo; then
    if has_bochs || { install_bochs && has_bochs; }; then
        emulated="$emulated avx512"
        avx512 & jobs+=($!)
    else
        say "AVX-512 left out: this processor lacks it, Bochs is not installed and cannot be"
    fi
fi
for job in "${jobs[@]}"; do wait "$job" || fail "a build or a run failed"; done

# --- Comparison -----------------------------------------------------------------------------------------------------

awk -v emulated="$emulated" '
    { checksum = $4 " " $5 }
    !($3 in wanted) { wanted[$3] = checksum; first[$3] = $1 " " $2; kernels++ }
    wanted[$3] != checksum { print "error: " $3 " differs between " first[$3] " and " $1 " " $2; differs = 1 }
    { builds[$1] = 1; lines[$2]++ }
    END {
        if (differs || !kernels) exit 1
        for (build in builds) count++
        split(emulated, list)
        for (i in list) {
            mark[list[i]] = " (emulated)"
            # A level whose emulator stopped early would else be compared in part.
            if (lines[list[i]] < lines["baseline"] / (count - 1)) { print "error: " list[i] " is incomplete"; exit 1 }
        }
        split("scalar baseline avx2 avx512 neon", order)
        for (i = 1; i <= 5; i++) if (order[i] in lines) names = names (names ? ", " : "") order[i] mark[order[i]]
        print "kernels: " kernels " kernels have the same bits in " count " builds and runs: " names
    }' "$work"/*.checksums || fail "the kernels do not give the same bits everywhere"

# One bit of the inputs must show in every kernel.
checksums spoilt "$work/native-O2" spoilt
awk '{ key = $2 " " $3 } FNR == NR { whole[key] = $5; next } whole[key] == $5 { print "error: " key; same = 1 }
    END { exit same }' "$work/$here-O2.checksums" "$work/spoilt.checksums" \
    || fail "a changed input does not show in the checksum"
say "one changed bit of the inputs shows in every kernel's checksum"
