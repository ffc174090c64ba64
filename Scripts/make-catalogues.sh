#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes the catalogues of T91, Set5 and Set14 in data/ anew from a folder that holds these sets, each with the SHA256SUMS
# of its files, which are checked first.
#
#     Scripts/make-catalogues.sh /path/to/datasets
set -euo pipefail
[ "$#" -eq 1 ] || {
    echo "usage: Scripts/make-catalogues.sh DATASETS" >&2
    exit 2
}
datasets=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

reprise=.build/release/reprise
terms="for research use; the rights stay with the authors and photographers"
selfexsr="HR and LR files of the parts x2, x3 and x4 by J.-B. Huang, A. Singh, N. Ahuja, CVPR 2015 (SelfExSR)"

catalogue() {
    local set=$1 origin=$2 reference=$3
    (cd "$datasets/$set" && sha256sum --quiet -c SHA256SUMS)
    $reprise data catalogue "$datasets/$set" --title "$set" --origin "$origin" --reference "$reference" \
        --terms "$terms" >"data/$set.yml.new"
    mv "data/$set.yml.new" "data/$set.yml"
}

catalogue T91 "J. Yang, J. Wright, T. Huang, Y. Ma" \
    "Image super-resolution via sparse representation, IEEE TIP 19(11), 2010; PNG of the BMP files that circulate"
catalogue Set5 "M. Bevilacqua, A. Roumy, C. Guillemot, M.-L. Alberi Morel" \
    "Low-complexity single-image super-resolution based on nonnegative neighbor embedding, BMVC 2012; $selfexsr"
catalogue Set14 "R. Zeyde, M. Elad, M. Protter" \
    "On single image scale-up using sparse-representations, Curves and Surfaces, 2010; $selfexsr"
