#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# prefer-archives.sh FOLDER: has the program linked with the archives of the libraries that it uses, where Debian and
# Ubuntu install them beside the shared ones: FOLDER then holds them, and what pkg-config says of them. Otherwise
# FOLDER stays empty. FOLDER/program holds the archive of the C++ library, which is for the program alone.
#
# Debian's shared libhdf5 brings some thirty others along (it can read from the network), and loading them takes
# several times as long as a run that finds nothing to do; each of the others takes a tenth of a millisecond.
set -euo pipefail

folder=$1
modules=(hdf5 libpng zlib)
# By the names that the linker knows them under; libsz and libaec serve libhdf5.
archives=(hdf5 sz aec png16 z)

ask() { PKG_CONFIG_PATH= pkg-config "$@"; }

path_of() {
    local path
    path=$(clang -print-file-name="lib$1.a")
    [ -f "$path" ] || path=$(ask --libs-only-L hdf5 | sed 's/^-L//; s/ .*//')/lib$1.a
    [ -f "$path" ] && echo "$path"
}

libraries_of() {
    case $1 in
        hdf5) echo "-lhdf5 -lsz -laec -lz -ldl -lm" ;;
        libpng) echo "-lpng16 -lz -lm" ;;
        zlib) echo "-lz" ;;
    esac
}

link_archives() {
    command -v pkg-config >/dev/null 2>&1 && command -v clang >/dev/null 2>&1 || return 1
    local name path
    for name in "${archives[@]}"; do
        path=$(path_of "$name") || return 1
        ln -sf "$path" "$folder/lib$name.a"
    done
}

# Whether a program with all of them can be linked, and runs.
work_together() {
    cat >"$folder/try.c" <<END
int H5open(void);
const char *zlibVersion(void);
unsigned png_access_version_number(void);
int main(void) { return H5open() < 0 || !zlibVersion() || !png_access_version_number(); }
END
    # The words are several on purpose.
    # shellcheck disable=SC2046
    clang "$folder/try.c" -o "$folder/try" -L"$folder" $(libraries_of hdf5) $(libraries_of libpng) >/dev/null 2>&1 &&
        "$folder/try"
}

describe() {
    cat >"$folder/$1.pc" <<END
Name: $1
Description: the archive instead of the shared library
Version: $(ask --modversion "$1")
Cflags: $(ask --cflags "$1")
Libs: -L$folder $(libraries_of "$1")
END
}

link_cxx_archive() {
    command -v clang >/dev/null 2>&1 || return 0
    local path
    path=$(clang -print-file-name=libstdc++.a)
    [ ! -f "$path" ] || ln -sf "$path" "$folder/program/libstdc++.a"
}

if [ ! -d "$folder/program" ]; then
    mkdir -p "$folder/program"
    link_cxx_archive
fi
# Each module but zlib is described before it, so its description stands for all.
[ ! -f "$folder/zlib.pc" ] || exit 0
if link_archives && work_together; then
    # The flags for the compiler do not depend on the folder, so a program built without is only linked anew.
    for module in "${modules[@]}"; do describe "$module"; done
else
    for name in "${archives[@]}"; do rm -f "$folder/lib$name.a"; done
fi
rm -f "$folder/try" "$folder/try.c"
