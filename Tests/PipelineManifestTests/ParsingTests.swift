// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// A manifest that uses every key there is.
let fullManifest = #"""
    reprise: 1                      # the form's version
    name: fsrcnn-x3
    title: FSRCNN x3 from the 91 images
    paper: {title: Accelerating the SR Network, authors: [C. Dong, C. C. Loy], year: 2016, reference: arXiv 1608.00367}
    assumptions:
      - {about: batch size, chosen: 64, reason: the paper does not say}
      - {about: "padding", chosen: replicate}
    settings:
      learning-rate: 1e-3
      scale: 3
      sizes: [0.6, 1]
      data-set: T91
      fast: true
    sources:
      t91: {path: "sets/${data-set}", files: "*.png", role: train}
      set5: {path: /data/Set5, files: ["*.bmp", "*.png"], role: test}
    stages:
      train-images:
        tool: images
        inputs: {files: t91}
        settings: {scale: ${scale}}
      split:
        tool: split
        inputs: train-images
        settings: {share: 1}
      patches:
        tool: patches
        inputs: [split/train, split/validation]
        settings: {factors: ${sizes}}
      train:
        tool: train
        inputs:
          validation: split/validation
          patches: patches
        settings:
          learning-rate: "${learning-rate}"
          epochs: 2
          nesterov: ${fast}
          remark: "at ${learning-rate} $${HOME} 5$"
      python:
        run: python3 train.py "--data=${inputs.patches}" --out ${outputs.model} 'a  b' ${inputs.images} --x${scale} \$ ''
        inputs: {patches: patches, images: [t91, set5]}
        outputs: {model: {path: ./out//model.h5, format: model, role: train}, log: train.log}
        code: [./train.py, lib/net.py]
        environment: {OMP_NUM_THREADS: 1, DATA: "${data-set}"}
        probe: [python3 -m pip freeze, [python3, --version]]
        learns: true
      words:
        run: [python3, plot one.py, "${inputs.list}", $${x}]
        inputs: {list: [python]}
        outputs: {figure: {path: figure.png, format: png}}
      script:
        shell: |
          for f in ${inputs.images}; do echo "$f" *a & done > ${outputs.list}
        interpreter: /bin/bash
        inputs: {images: [t91, set5]}
        outputs: {list: list.txt}
    claims:
      - name: set5-x3
        model: FSRCNN
        metric: psnr
        dataset: Set5
        scale: ${scale}
        protocol: y-double
        value: 33.060
        tolerance: 0.10
        place: Table 3
      - {name: set5-x3.ssim, model: FSRCNN, metric: ssim, dataset: Set5, scale: 3, protocol: y-double, value: "0.9140", source: unverified}
    """#

@Suite struct ParsingTests {
    let full: Manifest

    init() throws {
        full = try manifest(fullManifest)
    }

    private func stage(_ name: String) throws -> Stage {
        try #require(full.stages.first { $0.name.value == name })
    }

    private func command(_ name: String) throws -> Command {
        guard case .command(let command) = try stage(name).work else {
            Issue.record("stage \(name) is no command")
            throw CancellationError()
        }
        return command
    }

    @Test func `what a manifest says of itself`() {
        #expect(full.name == "fsrcnn-x3")
        #expect(full.title == "FSRCNN x3 from the 91 images")
        #expect(
            full.paper
                == Paper(
                    title: "Accelerating the SR Network", authors: "C. Dong, C. C. Loy", year: 2016,
                    reference: "arXiv 1608.00367"))
        #expect(
            full.assumptions == [
                Assumption(about: "batch size", chosen: "64", reason: "the paper does not say"),
                Assumption(about: "padding", chosen: "replicate", reason: nil),
            ])
    }

    @Test func `settings have the types of their values`() {
        #expect(full.settings.map(\.name.value) == ["learning-rate", "scale", "sizes", "data-set", "fast"])
        #expect(
            full.settings.map(\.value) == [
                .number(0.001), .integer(3), .list([.number(0.6), .integer(1)]), .text("T91"), .boolean(true),
            ])
        #expect(full.settings.allSatisfy { !$0.isOverridden })
    }

    @Test func `sources have a path, patterns and a role`() {
        #expect(full.sources.map(\.name.value) == ["t91", "set5"])
        #expect(full.sources.map(\.path.value) == ["sets/T91", "/data/Set5"])
        #expect(full.sources.map { $0.files.map(\.value) } == [["*.png"], ["*.bmp", "*.png"]])
        #expect(full.sources.map(\.role) == [.train, .test])
    }

    @Test func `stages keep the order of the manifest`() {
        #expect(
            full.stages.map(\.name.value)
                == ["train-images", "split", "patches", "train", "python", "words", "script"])
    }

    @Test func `a tool's stage has its interface, its defaults and its outputs`() throws {
        let train = try stage("train")
        guard case .tool(let interface, let name) = train.work else {
            Issue.record("no tool")
            return
        }
        #expect(interface == Tools.train)
        #expect(name.value == "train")
        #expect(
            train.settings.map { "\($0.name)=\($0.value.descriptionWithType)" } == [
                "epochs=2", "learning-rate=0.001", "nesterov=true", "remark=the text 'at 0.001 ${HOME} 5$'", "seed=0",
            ])
        #expect(train.settings.map { $0.location == nil } == [false, false, false, false, true])
        #expect(
            train.outputs == [
                StageOutput(name: "model", format: .model, role: nil, path: nil),
                StageOutput(name: "log", format: .trainingLog, role: nil, path: nil),
            ])
        #expect(try stage("split").outputs.map(\.role) == [.train, .validation])
    }

    @Test func `inputs stand in the tool's order with what it says of them`() throws {
        let inputs = try stage("train").inputs
        #expect(inputs.map(\.name) == ["patches", "validation"])
        #expect(inputs.map(\.purpose) == [.learns, .chooses])
        #expect(inputs.map(\.formats) == [[.patches], [.images]])
        #expect(inputs.map(\.isList) == [false, false])
        #expect(inputs.map { $0.references.map(\.value.description) } == [["patches"], ["split/validation"]])
    }

    @Test func `a tool's only input needs no name`() throws {
        #expect(try stage("split").inputs.map(\.name) == ["images"])
        let list = try #require(try stage("patches").inputs.first)
        #expect(list.isList)
        #expect(list.references.map(\.value.description) == ["split/train", "split/validation"])
    }

    @Test func `an input that takes many is a list even with one reference`() throws {
        let one = try manifest("reprise: 1\nstages: {p: {tool: patches, inputs: t91}}")
        #expect(one.stages.first?.inputs.first?.isList == true)
    }

    @Test func `an integer becomes a number where a tool takes one`() throws {
        #expect(try stage("split").settings.map(\.value) == [.number(1)])
        #expect(try stage("patches").settings.map(\.value) == [.list([.number(0.6), .number(1)])])
    }

    @Test func `a command's words are split and filled in`() throws {
        #expect(
            try command("python")
                == Command(
                    arguments: [
                        "python3", "train.py", "--data=inputs/patches", "--out", "outputs/out/model.h5", "a  b",
                        "inputs/images/0", "inputs/images/1", "--x3", "$", "",
                    ],
                    shell: nil, code: try command("python").code,
                    environment: [
                        EnvironmentVariable(name: "DATA", value: "T91"),
                        EnvironmentVariable(name: "OMP_NUM_THREADS", value: "1"),
                    ],
                    probes: try command("python").probes, learns: true))
        #expect(
            try command("python").probes.map(\.value) == [
                ["python3", "-m", "pip", "freeze"], ["python3", "--version"],
            ])
        #expect(try command("python").code.map(\.value) == ["train.py", "lib/net.py"])
        #expect(
            try command("words").arguments == ["python3", "plot one.py", "inputs/list/0", "${x}"])
    }

    @Test func `a script is handed to its shell whole`() throws {
        let script = try command("script")
        #expect(script.shell == "/bin/bash")
        #expect(
            script.arguments == [
                "for f in inputs/images/0 inputs/images/1; do echo \"$f\" *a & done > outputs/list.txt\n"
            ])
        let plain = try manifest("reprise: 1\nstages: {s: {shell: make, outputs: {a: a}}}")
        guard case .command(let command)? = plain.stages.first?.work else {
            Issue.record("no command")
            return
        }
        #expect(command.shell == "/bin/sh")
    }

    @Test func `a command's inputs accept all formats, and learn where it says so`() throws {
        let inputs = try stage("python").inputs
        #expect(inputs.map(\.name) == ["patches", "images"])
        #expect(inputs.map(\.isList) == [false, true])
        #expect(inputs.allSatisfy { $0.formats.isEmpty && $0.purpose == .learns })
        #expect(try stage("words").inputs.map(\.purpose) == [.reads])
        #expect(try stage("words").inputs.map(\.isList) == [true])
    }

    @Test func `a command's outputs have a path and a format`() throws {
        #expect(
            try stage("python").outputs == [
                StageOutput(name: "model", format: .model, role: .train, path: "out/model.h5"),
                StageOutput(name: "log", format: .file, role: nil, path: "train.log"),
            ])
    }

    @Test func `claims keep the figure as it is printed`() {
        #expect(full.claims.map(\.name.value) == ["set5-x3", "set5-x3.ssim"])
        #expect(full.claims.map(\.printed) == ["33.060", "0.9140"])
        #expect(full.claims.map(\.scale) == [3, 3])
        #expect(full.claims.map(\.tolerance) == [0.1, nil])
        #expect(full.claims.map(\.metric) == ["psnr", "ssim"])
        #expect(full.claims.map(\.evaluationProtocol) == ["y-double", "y-double"])
        #expect(full.claims.map(\.place) == ["Table 3", nil])
        #expect(full.claims.map(\.isVerified) == [true, false])
    }

    @Test func `every place holds what it is the place of`() throws {
        var places: [Located<String>] = full.settings.map(\.name) + full.sources.map(\.name) + full.claims.map(\.name)
        for stage in full.stages {
            places.append(stage.name)
            if case .tool(_, let name) = stage.work { places.append(name) }
            for input in stage.inputs {
                places += input.references.map { Located($0.value.description, at: $0.location) }
            }
        }
        #expect(places.count == 32)
        for place in places {
            let line = full.source.line(place.location.line)
            #expect(line.dropFirst(place.location.column - 1).prefix(place.location.length) == place.value)
        }
    }

    @Test func `--set replaces a value in its type`() throws {
        let changed = try manifest(
            fullManifest,
            set: [("scale", "2"), ("learning-rate", "1"), ("data-set", "010"), ("fast", "false"), ("scale", "4")])
        #expect(
            changed.settings.map(\.value) == [
                .number(1), .integer(4), .list([.number(0.6), .integer(1)]), .text("010"), .boolean(false),
            ])
        #expect(changed.settings.map(\.isOverridden) == [true, true, false, true, true])
        #expect(changed.claims.first?.scale == 4)
        #expect(changed.sources.first?.path.value == "sets/010")
    }

    @Test(arguments: [
        ("pipelines/fsrcnn/x3.yml", "x3"), ("pipelines/quickstart/pipeline.yml", "quickstart"),
        ("a/x3.v2.yml", "x3.v2"),
        ("pipeline.yml", "pipeline"), ("./pipeline.yml", "pipeline"), ("x3", "x3"), (".yml", ".yml"), ("", ""),
    ])
    func `a manifest without a name has that of its file or folder`(file: String, name: String) throws {
        #expect(Manifest.defaultName(file: file) == name)
        #expect(try manifest("reprise: 1\nstages: {s: {tool: synthesize}}", file: file).name == name)
    }

    @Test func `empty sections count as absent`() throws {
        let empty = try manifest(
            """
            reprise: 1
            sources:
            claims: # none yet
            assumptions: []
            settings: {}
            stages:
              s:
                tool: synthesize
                inputs:
                settings:
            """)
        #expect(empty.sources.isEmpty && empty.claims.isEmpty && empty.assumptions.isEmpty && empty.settings.isEmpty)
        #expect(empty.stages.first?.settings.map(\.value) == [.integer(8)])
    }

    @Test func `a JSON text is a manifest too`() throws {
        let json = try manifest(
            #"{"reprise": 1, "stages": {"s": {"tool": "synthesize", "settings": {"count": 2}}}}"#)
        #expect(json.stages.first?.settings.map(\.value) == [.integer(2)])
    }
}
