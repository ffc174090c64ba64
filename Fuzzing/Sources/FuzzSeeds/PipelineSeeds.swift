// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineRecords

/// Manifests that use each key, right and wrong ones.
var manifestSeeds: [(name: String, bytes: [UInt8])] {
    let texts = [
        (
            "tools",
            """
            reprise: 1
            name: whole
            title: "All: of it"
            paper: {title: 'T', authors: [A, B], year: 2016, reference: r}
            assumptions: [{about: batch, chosen: 64, reason: none}]
            settings: {n: 3, rate: 1e-3, l: [1, "b"], on: true}
            sources:
              t91: {path: "a${n}", files: "*.png", role: train}
              set5: {path: Set5, files: ["*.png", "**/*.bmp"], role: test}
            stages:
              images: {tool: images, inputs: t91, settings: {scale: 3}}
              split: {tool: split, inputs: images, settings: {share: 0.9}}
              p: {tool: patches, inputs: {images: [split/train]}, settings: {factors: [0.5, 1]}}
              t:
                tool: train
                inputs: {patches: p, validation: split/validation}
                settings: {epochs: ${n}, learning-rate: ${rate}, remark: "x ${n} é"}
              test: {tool: images, inputs: set5}
              e: {tool: evaluate, inputs: {model: t, images: [test]}}
            claims:
              - {name: a, model: M, metric: psnr, dataset: D, scale: 3, protocol: p, value: 33.06, tolerance: 0.1}

            """
        ),
        (
            "commands",
            """
            reprise: 1
            sources: {t91: {path: a}}
            settings: {n: 3}
            stages:
              c:
                run: python3 "a b" ${inputs.p} --out ${outputs.m} $${X} -n ${n}
                inputs: {p: [t91, s]}
                outputs: {m: {path: d/m.h5, format: model, role: train}, l: log}
                code: [a.py]
                environment: {A: 1}
                probe: [python3 -V]
                programs: [python3]
                secrets: [TOKEN]
                resume: state
                timeout: 10m
                retries: 3
                needs: {cpu: 2, memory: 1 GiB}
                learns: true
              s:
                shell: |
                  echo *a && cat <<E > ${outputs.o}
                interpreter: /bin/bash
                outputs: {o: o.txt}

            """
        ),
        (
            "many",
            """
            reprise: 1
            includes: [other.yml]
            pools: {gpu: 1}
            stages:
              each:
                foreach: {size: [1, 2], kind: [a, b]}
                stage: {tool: synthesize, settings: {count: "${size}"}}
              m:
                matrix: {size: [1, 2]}
                run: echo ${size}
                outputs: {o: "out-${size}"}

            """
        ),
        (
            "layers",
            """
            reprise: 1
            stages:
              b:
                tool: build
                settings:
                  layers: [{convolution: 5, kernel: 3, padding: [1, 1]}, {prelu: per-layer}, relu, {dropout: , rate: 0.5}]
                  last: clamp

            """
        ),
        ("circle", "reprise: 1\nstages:\n  a: {tool: split, inputs: b}\n  b: {tool: split, inputs: a}\n"),
        ("mistakes", "reprise: 2\nstage: [1]\nstages:\n  a: {tol: split}\n  a: 5\n? [x]\n: &a *b\n<<: !!int 4\n"),
        ("json", #"{"reprise": 1, "stages": {"s": {"tool": "synthesize", "settings": {"count": 2}}}}"#),
    ]
    return texts.map { ($0.0, Array($0.1.utf8)) }
}

private let digest = Digest(ofText: "seed")
private var result: ActionResult {
    ActionResult(outputs: [
        Artifact(name: "images", format: "images", content: digest, object: digest, byteCount: 12),
        Artifact(name: "log", format: "file", content: digest, object: digest, byteCount: 0),
    ])
}

private var documents: [(name: String, value: JSONValue)] {
    [
        (
            "tool",
            [
                "schema": 1, "tool": ["name": "split", "version": 2], "settings": ["share": .number(0.1), "seed": 1],
                "inputs": ["images": [.text(digest.description)]], "outputs": ["train", "validation"],
                "claims": [["claim": "a", "value": "33.06"]],
            ]
        ),
        (
            "command",
            [
                "schema": 1, "inputs": ["p": [.text(digest.description), .null]], "outputs": ["m"],
                "command": ["arguments": ["sh", "\u{e9}\n\u{1f600}"], "environment": ["A": "1"], "shell": false],
            ]
        ),
        (
            "numbers",
            [.number(-0.0), .number(1e300), .integer(.min), .number(5e-324), .boolean(true), .null, .text("")]
        ),
    ]
}

/// Entries of the action cache with the seals they need, and the documents alone.
var entrySeeds: [(name: String, bytes: [UInt8])] {
    documents.flatMap { document -> [(name: String, bytes: [UInt8])] in
        let seal = Digest(of: JSONValue.array([document.value, result.json]).canonicalBytes)
        let entry: JSONValue = [
            "document": document.value, "result": result.json, "seal": .text(seal.description),
        ]
        return [
            ("\(document.name)-document", Array(document.value.indentedText.utf8)),
            ("\(document.name)-entry", entry.canonicalBytes),
        ]
    }
}

/// Records of runs with every outcome.
var recordSeeds: [(name: String, bytes: [UInt8])] {
    let stages = [
        StageRecord(
            stage: "train", outcome: .ran, reason: "has not run before", key: ActionKey(digest), seconds: 1.5,
            processorSeconds: 2.25, peakMemoryBytes: 1 << 20, workSeconds: 1.25, outputs: result.outputs,
            scorings: [TestScoring(images: digest, model: digest), TestScoring(images: digest, model: nil)]),
        StageRecord(stage: "split", outcome: .hit, key: ActionKey(digest), outputs: result.outputs),
        StageRecord(stage: "bad", outcome: .failed, reason: "its command ended with exit code 7"),
        StageRecord(stage: "after", outcome: .skipped),
    ]
    let record = RunRecord(
        id: "20261121T101500.123456Z-01a2b3c4", pipeline: "p", manifest: "./p.yml", seconds: 2,
        environment: ["system": "Linux"], overrides: ["rate": "0.1"], forced: ["train"], note: "a note", stages: stages)
    return [("record", Array(record.json.indentedText.utf8)), ("short", record.json.canonicalBytes)]
}

/// Locks as they are written, merged by hand, and torn.
var lockSeeds: [(name: String, bytes: [UInt8])] {
    let lock = PipelineLock(of: [
        StageRecord(stage: "train", outcome: .ran, key: ActionKey(digest), outputs: result.outputs),
        StageRecord(stage: "split", outcome: .hit, key: ActionKey(digest), outputs: result.outputs),
    ])
    let texts = [
        ("lock", lock.text), ("remarks", lock.text + "\n# a remark\n\nstage s\n  key \(digest)\n"),
        ("twice", lock.text + lock.text), ("empty", "reprise-lock 1\n"),
        ("returns", "reprise-lock 1\r\n\r\nstage a\r\n"),
        ("conflict", lock.text.replacing("  log ", with: "<<<<<<< ours\n  log ")),
    ]
    return texts.map { ($0.0, Array($0.1.utf8)) }
}

/// Safetensors of each type of elements, with and without metadata.
var safetensorsSeeds: [(name: String, bytes: [UInt8])] {
    func file(_ header: String, _ byteCount: Int) -> [UInt8] {
        let text = Array(header.utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return length + text + (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 * 37) }
    }
    let types = [
        ("F32", 4), ("F16", 2), ("BF16", 2), ("F64", 8), ("I8", 1), ("I64", 8), ("U16", 2), ("BOOL", 1), ("F8", 1),
    ]
    return types.map { type, size in
        let header = #"{"a":{"dtype":"\#(type)","shape":[2,3],"data_offsets":[0,\#(6 * size)]}}"#
        return (type.lowercased(), file(header, 6 * size))
    } + [
        (
            "metadata",
            file(
                #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
                    + #""e":{"dtype":"F32","shape":[0,9],"data_offsets":[4,4]}}   "#, 4)
        ),
        ("empty", file("{}", 0)),
    ]
}
