#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes docs/TOOLS.md from what `reprise tools` says, so that the page cannot disagree with the program.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(.build/release/reprise tools)
mkdir -p docs
{
    echo '# Tools'
    echo
    echo 'Written by `make docs` from `reprise tools`; `reprise tools NAME` tells more of one.'
    echo
    echo '```text'
    printf '%s\n' "$tools"
    echo '```'
} >docs/TOOLS.md
