#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# prefer-static-hdf5.sh FOLDER: writes FOLDER/hdf5.pc, which names libhdf5 as an archive, where the archive that
# Debian and Ubuntu install beside the shared library can be linked; else FOLDER holds no such file.
#
# Debian's shared libhdf5 brings some thirty others along (it can read from the network), and loading them takes
# several times as long as a run that finds nothing to do.
set -euo pipefail

folder=$1

is_usable() {
    command -v pkg-config >/dev/null 2>&1 || return 1
    command -v clang >/dev/null 2>&1 || return 1
    archive=$(PKG_CONFIG_PATH= pkg-config --libs-only-L hdf5 | sed 's/^-L//; s/ .*//')/libhdf5.a
    [ -f "$archive" ] || return 1
    printf 'int H5open(void);\nint main(void) { return H5open(); }\n' >"$folder/try.c"
    clang "$folder/try.c" -o "$folder/try" "$archive" "${others[@]}" >/dev/null 2>&1 && "$folder/try"
}

others=(-lsz -lz -ldl -lm)
mkdir -p "$folder"
# The flags for the compiler do not depend on the folder, so a program built without this file is only linked anew.
if [ ! -f "$folder/hdf5.pc" ] && is_usable; then
    ln -sf "$archive" "$folder/libhdf5.a"
    cat >"$folder/hdf5.pc" <<END
Name: HDF5
Description: the archive instead of the shared library
Version: $(PKG_CONFIG_PATH= pkg-config --modversion hdf5)
Cflags: $(PKG_CONFIG_PATH= pkg-config --cflags hdf5)
Libs: -L$folder -lhdf5 ${others[*]}
END
fi
rm -f "$folder/try" "$folder/try.c"
