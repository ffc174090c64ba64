#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes docs/TOOLS.md from what `reprise tools` says, so that the page cannot disagree with the program.
set -euo pipefail
cd "$(dirname "$0")/.."

reprise=.build/release/reprise
mkdir -p docs
{
    echo '# Tools'
    echo
    echo 'Written by `make docs` from what `reprise tools` says.'
    $reprise tools | sed '/^$/,$d' | cut -d' ' -f1 | while IFS= read -r name; do
        printf '\n## %s\n\n```text\n' "$name"
        $reprise tools "$name"
        printf '```\n'
    done
} >docs/TOOLS.md
