#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Checks that every link from one Markdown file of the project to a file or heading in it leads somewhere.
set -euo pipefail
cd "$(dirname "$0")/.."

# Headings as the anchors that Markdown viewers make of them, one a line.
anchors() {
    awk '/^```/ { code = !code } !code && /^#+ /' "$1" |
        sed -E 's/^#+ +//; s/[`*]//g' | tr '[:upper:]' '[:lower:]' |
        sed -E 's/[^[:alnum:] _-]//g; s/ /-/g'
}

# The targets of inline links outside of code blocks, one a line.
targets() {
    awk '/^```/ { code = !code } !code' "$1" | grep -oE '\]\([^) ]+' | sed 's/^](//' || true
}

status=0
while IFS= read -r page; do
    while IFS= read -r target; do
        case $target in
        http://* | https://* | mailto:*) continue ;;
        esac
        file=${target%%#*}
        path=$page
        [ -z "$file" ] || path=$(dirname "$page")/$file
        if [ ! -e "$path" ]; then
            echo "error: $page: the link '$target' leads to no file" >&2
            status=1
        elif [[ $target == *"#"* && $path == *.md ]] && ! anchors "$path" | grep -qxF -- "${target#*#}"; then
            echo "error: $page: the link '$target' leads to no heading" >&2
            status=1
        fi
    done < <(targets "$page")
done < <(git ls-files --cached --others --exclude-standard -- '*.md')
exit "$status"
