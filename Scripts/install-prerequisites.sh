#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Sees to it that Reprise can be built: a Swift toolchain (checked), pkg-config, libpng, HDF5 and zlib (installed
# where they are missing, on Debian and Ubuntu). Says what it installs; says nothing when nothing is missing.
set -euo pipefail

swift_major=6
swift_minor=2

# pkg-config's name of each library, and the package that has it on Debian and Ubuntu.
libraries=("libpng libpng-dev" "hdf5 libhdf5-dev" "zlib zlib1g-dev")

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $1"
    shift
    for hint in "$@"; do say "hint: $hint"; done
    exit 1
}

check_swift() {
    local hint="get Swift $swift_major.$swift_minor or newer at https://www.swift.org/install and put it on your PATH"
    command -v swift >/dev/null 2>&1 || fail "there is no 'swift' on the PATH" "$hint"
    local text version major minor
    text=$(swift --version 2>/dev/null || true)
    version=$(sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' <<<"$text")
    version=${version%%$'\n'*}
    [ -n "$version" ] || fail "'swift --version' does not tell its version" "$hint"
    major=${version%%.*}
    minor=${version#*.}
    if ((major < swift_major || (major == swift_major && minor < swift_minor))); then
        fail "Swift $version is too old, $swift_major.$swift_minor or newer is needed" "$hint"
    fi
}

has_pkg_config() { command -v pkg-config >/dev/null 2>&1; }

# Without pkg-config, whether Debian's package is there; with it, whether it finds the library.
has_library() {
    local module=$1 package=$2
    if has_pkg_config; then
        pkg-config --exists "$module"
    else
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$'
    fi
}

# The Debian packages that are missing, one a line.
missing_packages() {
    has_pkg_config || echo pkg-config
    local library module package
    for library in "${libraries[@]}"; do
        read -r module package <<<"$library"
        has_library "$module" "$package" || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >&2
}

# The lists of packages are fetched only where they are absent or too old to install from.
install_with_apt() {
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        fail "these packages are missing, and there is no sudo to install them: $*" \
            "as root, run: apt-get install $*"
    fi
    say "installing: $*"
    if apt-cache show "$@" >/dev/null 2>&1 && apt_install "$@"; then return; fi
    as_root apt-get update >&2 || fail "apt-get could not fetch the lists of packages"
    apt_install "$@" || fail "apt-get could not install: $*"
}

check_swift
missing=()
while read -r package; do missing+=("$package"); done < <(missing_packages)
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(uname -s)" = Darwin ]; then
    fail "pkg-config cannot find everything that is needed (Debian's names: ${missing[*]})" \
        "run: brew install pkgconf libpng hdf5 zlib"
elif command -v apt-get >/dev/null 2>&1; then
    install_with_apt "${missing[@]}"
else
    fail "pkg-config cannot find everything that is needed (Debian's names: ${missing[*]})" \
        "install pkg-config and the development files of libpng, HDF5 and zlib" \
        "on Fedora: dnf install pkgconf-pkg-config libpng-devel hdf5-devel zlib-devel"
fi

missing=()
while read -r package; do missing+=("$package"); done < <(missing_packages)
[ "${#missing[@]}" -eq 0 ] || fail "still not found by pkg-config after installing: ${missing[*]}"
