#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Feeds the readers of files whatever libFuzzer makes of good ones: fuzz.sh SECONDS [READER...], the readers being
# those of the package in Fuzzing (FuzzPNG is `PNG`). Prints a line for each. An input that crashes a reader, keeps it
# busy or makes it take too much memory ends its turn, is kept in Fuzzing/.build/findings, and makes the exit status 1.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/Fuzzing"
seconds=${1:-60}
shift || true
built=.build/release
tools=$(dirname "$(realpath "$(command -v swift)")")

swift build -c release >&2
readers=("$@")
if [ ${#readers[@]} -eq 0 ]; then
    for source in Sources/Fuzz*/main.swift; do
        name=$(basename "$(dirname "$source")")
        [ "$name" = FuzzSeeds ] || readers+=("${name#Fuzz}")
    done
fi

mkdir -p .build/findings .build/profiles
# Signals are libFuzzer's to catch.
export SWIFT_BACKTRACE=enable=no
LLVM_PROFILE_FILE=/dev/null "$built/FuzzSeeds" .build/seeds

# Longest input in bytes, seconds for one input, MB in one allocation and in all. A filtered HDF5 chunk may take 256 MB,
# and libhdf5 ten seconds of processor time before it is given up.
limits() {
    case $1 in
    HDF5) echo "12288 30 300 1024" ;;
    *) echo "4096 5 64 512" ;;
    esac
}

# The files that are the reader.
sources() {
    case $1 in
    PNG) echo Sources/Imaging/Raster+{PNG,PNGNotes,Image}.swift ;;
    BMP) echo Sources/Imaging/Raster+{BMP,Image}.swift ;;
    HDF5)
        echo Sources/TensorStore/{AttributeValue+Reading,Boxes,CanonicalContent,Dataset,FileListing}.swift \
            Sources/TensorStore/{StringHeap,TensorFileReader,TextFormat}.swift
        ;;
    Catalogue) echo Sources/PipelineManifest/{Catalogue,Catalogue+Text,ManifestReader+Catalogue}.swift ;;
    Manifest)
        echo Sources/PipelineManifest/{Manifest*,Mistakes,PlainScalar,YAML*}.swift \
            Sources/PipelinePlanning/{ReferenceCheck,RoleCheck,StageGraph,TopologicalOrder}.swift
        ;;
    Entry)
        echo Sources/ContentStore/{Action,ActionCache,JSONValue,JSONValue+Parsing}.swift \
            Sources/PipelinePlanning/KeyDifference.swift
        ;;
    Record) echo Sources/PipelineRecords/RunRecord.swift Sources/ContentStore/JSONValue+Parsing.swift ;;
    Archive) echo Sources/ContentStore/Archive{File,Header,Names,Reader,Scan,Writer}.swift ;;
    Results) echo Sources/PipelineRecords/ResultArchive{,+Taking}.swift Sources/ContentStore/Action.swift ;;
    Lock) echo Sources/PipelineRecords/PipelineLock.swift ;;
    Stat) echo Sources/FuzzStat/StatTable.swift ;;
    Answer) echo Sources/ContentStore/AnswerMemo.swift ;;
    Latest) echo Sources/PipelineRecords/LatestStages.swift ;;
    Work) echo Sources/PipelineRecords/WorkOrder{,+JSON}.swift ;;
    Log) echo Sources/PipelineRecords/StageLog.swift ;;
    Safetensors) echo Sources/Weights/Safetensors.swift ;;
    esac
}

# `figure NAME` of libFuzzer's final statistics.
figure() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }

# Lines of the reader's own files that were run, as `310 of 330 lines`; a run that ends early counts none.
lines() {
    local profile=.build/profiles/$reader files=()
    for file in $(sources "$reader"); do files+=("$PWD/$file"); done
    if ! "$tools/llvm-profdata" merge -o "$profile.profdata" "$profile.profraw" 2>/dev/null; then
        echo "lines not counted"
        return
    fi
    "$tools/llvm-cov" report "$built/Fuzz$reader" -instr-profile "$profile.profdata" "${files[@]}" 2>/dev/null |
        awk '/^TOTAL/ { print $8 - $9 " of " $8 " lines" }'
}

status=0
for reader in "${readers[@]}"; do
    read -r longest timeout allocation memory <<<"$(limits "$reader")"
    lower=$(tr '[:upper:]' '[:lower:]' <<<"$reader")
    corpus=.build/corpus/$lower
    log=.build/$lower.log
    mkdir -p "$corpus"
    # libhdf5 leaks where it meets an error, so that nothing can be said of leaks of ours beside it. What tools accept
    # lives as long as the program, behind pointers with marks in them that are not taken for pointers.
    leaks=1
    case $reader in HDF5 | Manifest) leaks=0 ;; esac
    found="no crash, hang or unbounded allocation"
    # What was freed is watched in 16 MB of it, which is far more than an input takes. Paths that are handed to the system
    # are watched to their ends.
    ASAN_OPTIONS=quarantine_size_mb=16:strict_string_checks=1:detect_leaks=$leaks \
        LLVM_PROFILE_FILE=.build/profiles/$reader.profraw "$built/Fuzz$reader" -max_total_time="$seconds" \
        -max_len="$longest" -timeout="$timeout" -malloc_limit_mb="$allocation" -rss_limit_mb="$memory" \
        -detect_leaks=$leaks -print_final_stats=1 -artifact_prefix=".build/findings/$lower-" \
        "$corpus" ".build/seeds/$lower" >"$log" 2>&1 || {
        status=1
        found="FOUND $(sed -n 's/.*Test unit written to //p' "$log" | head -1); see Fuzzing/$log"
    }
    covered=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1)
    read -r _ edges _ features <<<"${covered:-cov: 0 ft: 0}"
    echo "$lower: $(figure number_of_executed_units) inputs, $edges edges and $features features, $(lines)," \
        "peak $(figure peak_rss_mb) MB, $found"
done
exit $status
