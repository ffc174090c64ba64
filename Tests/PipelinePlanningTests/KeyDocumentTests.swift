// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

/// What counts into a key and what does not.
struct KeyDocumentTests {
    private static let base = """
        reprise: 1
        sources: {photos: {path: photos, role: train}}
        stages:
          load: {tool: load, inputs: photos}
          fit: {tool: fit, inputs: {training: load}, settings: {learning-rate: 0.001}}

        """

    /// The actions of all stages, with contents that depend on what comes in as they do in a real run.
    private func actions(
        _ text: String, snapshot: SourceSnapshot = .of("photos", "exam", "pictures")
    ) throws -> [Action] {
        let graph = try graph(text)
        var contents: [ArtifactOrigin: InputContent] = [:]
        for (name, source) in snapshot.sources {
            contents[.source(name)] = InputContent(content: source.content, bytes: source.content)
        }
        return try graph.stages(neededFor: []).map { node in
            let inputs = try node.inputs.map { try $0.origins.map { try #require(contents[$0]) } }
            let action = Action(of: node, inputs: inputs, claims: graph.manifest.claims, snapshot: snapshot)
            for output in node.stage.outputs {
                let digest = Digest(ofText: "\(action.key) \(output.name)")
                contents[.stage(node.name, output: output.name)] = InputContent(content: digest, bytes: digest)
            }
            return action
        }
    }

    private func keys(_ text: String, snapshot: SourceSnapshot = .of("photos", "exam", "pictures")) throws
        -> [ActionKey]
    {
        try actions(text, snapshot: snapshot).map(\.key)
    }

    @Test func `a tool's document, whole`() throws {
        let document = try #require(try actions(Self.base).last?.document)
        let training = try #require(document["inputs"]?["training"]?.text)
        #expect(Digest(hexadecimal: training) != nil)
        #expect(
            document.canonicalText
                == #"{"inputs":{"training":"\#(training)"},"outputs":["model","log"],"schema":1,"#
                + #""settings":{"deep":false,"epochs":10,"label":"small","learning-rate":0.001,"loss":"l2","sizes":[5]},"#
                + #""tool":{"name":"fit","version":2}}"#)
    }

    @Test(arguments: [
        // Comments, formatting and the order of declaration.
        """
        # Comment
        reprise: 1
        title: A title
        stages:
          # Comment
          fit:
            settings:
                learning-rate: 1.0e-3
            inputs:
                training: "load"
            tool: 'fit'
          load: {inputs: {files: photos}, tool: load}
        sources:
          photos:
            role: train
            path: photos
        """,
        // Other names of the stages and the source, another place.
        """
        reprise: 1
        name: other
        sources: {pictures: {path: /else/where}}
        stages:
          read: {tool: load, inputs: pictures}
          learn: {tool: fit, inputs: {training: read/images}, settings: {learning-rate: 0.001}}
        """,
        // Defaults written out, a setting of the manifest.
        """
        reprise: 1
        settings: {rate: 0.001, unused: 7}
        sources: {photos: {path: photos}}
        stages:
          load: {tool: load, inputs: photos}
          fit:
            tool: fit
            inputs: {training: load}
            settings: {learning-rate: "${rate}", deep: false, epochs: 10, label: small, loss: l2, sizes: [5]}
        """,
        // Claims that no stage here reads.
        """
        reprise: 1
        sources: {photos: {path: photos}}
        stages:
          load: {tool: load, inputs: photos}
          fit: {tool: fit, inputs: {training: load}, settings: {learning-rate: 0.001}}
        claims:
          - {name: t3, model: a, metric: psnr, dataset: set5, scale: 3, protocol: y-double, value: 33.06}
        """,
    ])
    func `what does not matter is not in the key`(text: String) throws {
        var snapshot = SourceSnapshot.of("photos")
        snapshot.sources["pictures"] = snapshot.sources["photos"]
        #expect(try keys(text + "\n", snapshot: snapshot) == keys(Self.base, snapshot: snapshot))
    }

    @Test(arguments: [
        "learning-rate: 0.002", "learning-rate: 0.001, epochs: 11", "learning-rate: 0.001, deep: true",
        "learning-rate: 0.001, label: large", "learning-rate: 0.001, loss: l1", "learning-rate: 0.001, sizes: [6]",
        "learning-rate: 0.001, sizes: [5, 5]", "learning-rate: 0.001, clip: 1", "learning-rate: 0.001, label: ''",
    ])
    func `each setting is in the key`(settings: String) throws {
        let text = Self.base.split(separator: "learning-rate: 0.001").joined(separator: settings)
        let (changed, base) = (try keys(text), try keys(Self.base))
        #expect(changed.first == base.first)
        #expect(changed.last != base.last)
    }

    @Test func `an integer for a number is the number`() throws {
        let one = Self.base.split(separator: "0.001").joined(separator: "1")
        let same = Self.base.split(separator: "0.001").joined(separator: "1.0")
        #expect(try keys(one) == keys(same))
        #expect(try actions(one).last?.document["settings"]?["learning-rate"] == .number(1))
    }

    /// The key's text for a list of items of a tool that `fields` has been added to since.
    private func itemsDocument(_ layers: String, later fields: [ItemType.Kind.Field] = []) throws -> String {
        let kernel = ItemType.Kind.Field("kernel", .integer(1...9), .required, summary: "rows and columns")
        let rate = ItemType.Kind.Field("rate", .number(0...9), .optional, summary: "of learning")
        let type = ItemType([
            .init("convolution", .integer(1...99), fields: [kernel, rate] + fields, summary: "with so many channels"),
            .init("relu", fields: fields, summary: "the larger of 0 and the value"),
        ])
        let tool = ToolInterface(
            name: "build", version: 1, summary: "builds", inputs: [],
            outputs: [.init("model", .file, summary: "a file")],
            settings: [.init("layers", .list(of: .item(type), minimum: 0), .required, summary: "from first to last")])
        let text = "reprise: 1\nstages: {b: {tool: build, settings: {layers: \(layers)}}}\n"
        let graph = try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: [tool])
        let node = try #require(graph.node(named: "b"))
        let document = Action(of: node, inputs: [], claims: [], snapshot: SourceSnapshot()).document
        return try #require(document["settings"]).canonicalText
    }

    @Test func `items are in the key by kind, value and the fields that are given`() throws {
        let key = #"{"layers":[{"convolution":5,"kernel":3,"rate":1.0},{"relu":true},{"convolution":5,"kernel":1}]}"#
        #expect(
            try itemsDocument("[{rate: 1, kernel: 3, convolution: 5}, relu, {convolution: 5, kernel: 1}]") == key)
        let bias = ItemType.Kind.Field("bias", .boolean, .optional, summary: "whether it has biases")
        #expect(
            try itemsDocument(
                "[{convolution: 5, kernel: 3, rate: 1.0}, {relu: true}, {kernel: 1, convolution: 5}]", later: [bias])
                == key)
    }

    @Test func `another content of a source reaches all that depends on it`() throws {
        var snapshot = SourceSnapshot.of("photos")
        let before = try keys(Self.base, snapshot: snapshot)
        snapshot.sources["photos"] = SourceSnapshot.content("other")
        let after = try keys(Self.base, snapshot: snapshot)
        #expect(zip(before, after).allSatisfy { $0 != $1 })
    }

    @Test func `the version of a tool is in the key`() throws {
        let node = try #require(try graph(Self.base).node(named: "load"))
        let document = Action(of: node, inputs: [[]], claims: [], snapshot: SourceSnapshot()).document
        #expect(document["tool"] == ["name": "load", "version": 3])
    }

    @Test func `claims are in the key of a tool that reads them, in their order`() throws {
        func text(_ claims: String) -> String {
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              measure: {tool: measure, inputs: {images: load}}
              judge: {tool: judge, inputs: measure}
            claims:
            \(claims)

            """
        }
        let t3 = "  - {name: t3, model: a, metric: psnr, dataset: set5, scale: 3, protocol: y-double, value: 33.06"
        let t4 = "  - {name: t4, model: a, metric: psnr, dataset: set5, scale: 4, protocol: y-double, value: 30.55}"
        let base = try keys(text("\(t3)}\n\(t4)"))
        for claims in ["\(t3)}", "\(t3), tolerance: 0.1}\n\(t4)", "\(t4)\n\(t3)}"] {
            let changed = try keys(text(claims))
            #expect(changed.dropLast() == base.dropLast())
            #expect(changed.last != base.last)
        }
    }

    @Test func `a list of one is a list`() throws {
        let text = """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              load: {tool: load, inputs: photos}
              measure: {tool: measure, inputs: {images: load}}

            """
        #expect(try actions(text).last?.document["inputs"]?["images"]?.array?.count == 1)
    }

    @Test func `the order of a list is in the key`() throws {
        func text(_ list: String) -> String {
            """
            reprise: 1
            sources: {photos: {path: photos}, exam: {path: exam}}
            stages:
              load: {tool: load, inputs: photos}
              load-exam: {tool: load, inputs: exam}
              measure: {tool: measure, inputs: {images: [\(list)]}}

            """
        }
        let (one, other) = (try keys(text("load, load-exam")), try keys(text("load-exam, load")))
        #expect(one.dropLast() == other.dropLast())
        #expect(one.last != other.last)
    }

    // MARK: Commands

    private func command(_ fields: String, code: String = "print()", probe: String = "1.0") throws -> Action {
        let graph = try graph(
            """
            reprise: 1
            sources: {photos: {path: photos}}
            stages:
              own: {\(fields)}

            """)
        let node = try #require(graph.node(named: "own"))
        var snapshot = SourceSnapshot()
        let status = FileStatus(kind: .file, byteCount: 1, device: 0, inode: 0, modificationTime: 0, changeTime: 0)
        snapshot.code["own"] = SourceContent(files: [
            .init(
                name: "a.py", path: "/here/a.py", bytes: FileDigest(digest: Digest(ofText: code), byteCount: 1),
                status: status)
        ])
        snapshot.probes["own"] = [ProbeOutput(Array(probe.utf8))]
        let input = InputContent(content: Digest(ofText: "values"), bytes: Digest(ofText: "bytes"))
        return Action(of: node, inputs: node.inputs.map { _ in [input] }, claims: [], snapshot: snapshot)
    }

    private static let commandFields = """
        run: [python3, a.py, "${inputs.x}", "${outputs.o}"], inputs: {x: photos}, outputs: {o: {path: o.csv, format: csv}}, \
        code: [a.py], environment: {SEED: "1"}, probe: [[pip, freeze]]
        """

    @Test func `a command's document, whole`() throws {
        #expect(
            try command(Self.commandFields).document.canonicalText
                == #"{"command":{"arguments":["python3","a.py","inputs/x","outputs/o.csv"],"#
                + #""code":{"a.py":"\#(Digest(ofText: "print()"))"},"environment":{"SEED":"1"},"#
                + #""probes":[{"output":"1.0","run":["pip","freeze"]}]},"inputs":{"x":"\#(Digest(ofText: "bytes"))"},"#
                + #""outputs":{"o":{"format":"csv","path":"o.csv"}},"schema":1}"#)
    }

    @Test(arguments: [
        ("a.py, ", "b.py, "), ("SEED: \"1\"", "SEED: \"2\""), ("SEED: \"1\"", "SEED: \"1\", A: b"),
        ("o.csv, format: csv", "o.csv, format: file"), ("o.csv", "p.csv"), ("pip, freeze", "pip, list"),
        ("inputs: {x: photos}", "inputs: {x: [photos]}"),
        (#"run: [python3, a.py, "${inputs.x}", "${outputs.o}"]"#, "shell: 'python3 a.py'"),
    ])
    func `each part of a command is in the key`(old: String, new: String) throws {
        var text = Self.commandFields
        if new.contains("[photos]") { text = text.split(separator: "\"${inputs.x}\", ").joined() }
        let base = try command(text).key
        let parts = text.split(separator: old, omittingEmptySubsequences: false)
        #expect(parts.count > 1, "the text lacks '\(old)'")
        #expect(try command(parts.joined(separator: new)).key != base)
    }

    @Test func `code and probes are in the key, and whether a command learns is not`() throws {
        let base = try command(Self.commandFields)
        #expect(try command(Self.commandFields, code: "print(1)").key != base.key)
        #expect(try command(Self.commandFields, probe: "2.0").key != base.key)
        #expect(try command(Self.commandFields + ", learns: true").key == base.key)
    }

    // MARK: Files that are like folders

    @Test(arguments: [
        // For a tool the bytes of values do not count, and for a command they do.
        (stage: "fit", content: "values", expected: ""), (stage: "fit", content: "bytes", expected: "file "),
        (stage: "own", content: "values", expected: "file "), (stage: "own", content: "bytes", expected: "file "),
    ])
    func `a file that is like a folder has a word before its digest`(
        stage: String, content: String, expected: String
    ) throws {
        let node = try #require(try graph(Self.everyMember).node(named: stage))
        func digest(isLikeFolder: Bool) throws -> String {
            let artifact = Artifact(
                name: "o", format: "file", content: Digest(ofText: content), object: Digest(ofText: "bytes"),
                byteCount: 5, isLikeFolder: isLikeFolder)
            let action = Action(
                of: node, inputs: node.inputs.map { _ in [InputContent(artifact)] }, claims: [],
                snapshot: SourceSnapshot())
            return try #require(action.document["inputs"]?.object?.values.first?.text)
        }
        let plain = Digest(ofText: stage == "own" ? "bytes" : content).description
        #expect(try digest(isLikeFolder: false) == plain)
        #expect(try digest(isLikeFolder: true) == expected + plain)
    }

    // MARK: Catalogues

    private func catalogued(_ inputs: String, _ catalogues: [String: String]) throws -> Action {
        let graph = try graph(
            """
            reprise: 1
            sources: {one: {path: one}, two: {path: two}}
            stages:
              own: {run: [cat, a], inputs: \(inputs), outputs: {o: o}}

            """)
        let node = try #require(graph.node(named: "own"))
        var snapshot = SourceSnapshot.of("one", "two")
        for (source, text) in catalogues { snapshot.catalogues[source] = SourceSnapshot.content(text) }
        let input = InputContent(content: Digest(ofText: "values"), bytes: Digest(ofText: "bytes"))
        let contents = node.inputs.map { $0.origins.map { _ in input } }
        return Action(of: node, inputs: contents, claims: [], snapshot: snapshot)
    }

    @Test func `a catalogue stands among the inputs where it is the only one`() throws {
        let document = try catalogued("{x: one, y: two}", ["two": "c"]).document
        #expect(document["inputs"]?["catalogue"]?.digest == SourceSnapshot.content("c").content)
        #expect(document["catalogues"] == nil)
    }

    @Test(arguments: ["{catalogue: one, y: two}", "{x: one, y: two}", "{x: [one, two]}", "{catalogue: [two, one]}"])
    func `no catalogue hides an input or another catalogue`(inputs: String) throws {
        let both = try catalogued(inputs, ["one": "a", "two": "b"])
        #expect(both.document["inputs"]?.object?.count == (inputs.contains("[") ? 1 : 2))
        var known = [both.key]
        for others in [["one": "a", "two": "c"], ["one": "c", "two": "b"], ["one": "b", "two": "a"]] {
            let other = try catalogued(inputs, others)
            #expect(!known.contains(other.key), "\(others)")
            known.append(other.key)
            let reasons = KeyDifference(from: both.document, to: other.document).reasons
            #expect(!reasons.isEmpty && reasons.text.contains("input 'catalogue of "), "\(reasons.text)")
        }
    }

    @Test func `an input that is called catalogue is in the key beside its own catalogue`() throws {
        let document = try catalogued("{catalogue: one}", ["one": "a"]).document
        #expect(document["inputs"]?["catalogue"]?.digest == Digest(ofText: "bytes"))
        #expect(
            document["catalogues"]
                == ["catalogue": [.text(SourceSnapshot.content("a").content.description)]])
    }

    // MARK: Keys of other versions

    private static let everyMember = """
        reprise: 1
        sources: {photos: {path: photos, role: train}}
        stages:
          load: {tool: load, inputs: photos}
          fit: {tool: fit, inputs: {training: load}, settings: {learning-rate: 0.001, clip: 0.5, sizes: [5, 3]}}
          own:
            run: [python3, a.py, "${inputs.x}", "${outputs.o}"]
            inputs: {x: photos}
            code: [a.py]
            environment: {SEED: "1"}
            probe: [[pip, freeze]]
            programs: [python3]
            outputs: {o: {path: results, format: folder}, log: log.txt}
          script:
            shell: sort ${inputs.x} > ${outputs.o}
            interpreter: /bin/bash
            inputs: {x: [own/o, photos]}
            outputs: {o: o.txt}
          grid:
            matrix: {scale: [2, 3]}
            run: "train --scale ${scale} ${inputs.x} ${outputs.o}"
            inputs: {x: fit/model}
            outputs: {o: o.txt}

        """

    private static func program(_ name: String) -> SourceContent.File {
        SourceContent.File(
            name: name, path: FilePath("/usr/bin/\(name)"),
            bytes: FileDigest(digest: Digest(ofText: name), byteCount: 1),
            status: FileStatus(kind: .file, byteCount: 1, device: 0, inode: 0, modificationTime: 0, changeTime: 0))
    }

    @Test func `the keys are those of earlier versions, without which every cache is worthless`() throws {
        var snapshot = SourceSnapshot.of("photos")
        snapshot.code["own"] = SourceSnapshot.content("print()")
        snapshot.probes["own"] = ["torch==2.4.1\n"]
        snapshot.programs["own"] = [Self.program("python3")]
        let nodes = try graph(Self.everyMember).stages(neededFor: []).map(\.name)
        let keys = try keys(Self.everyMember, snapshot: snapshot).map(\.description)
        #expect(
            Dictionary(uniqueKeysWithValues: zip(nodes, keys)) == [
                "load": "d19e963c2213eea95adc536b6eada29a4bf523fabd2fe0760e6e10527f85db73",
                "fit": "be7c51796dc8d9e0be30528a22ff9b6025c15c7f037b3ff644edd72304de6991",
                "own": "e7e5e7f50570fc3ebdae31c4d28810cc8cf33e094bbb6470c0417378cf92f9b7",
                "script": "349d97c623dfc6763608e414abbdceffbc5d94c6e40d95ce2f85870afe35cc81",
                "grid@scale=2": "a507856d5657fc99a2b4346a897ec4ac225752f538780429e5d3c7bbe17067c9",
                "grid@scale=3": "134c10ccf5cff44fa4c53cafc6ab8712d4fc4936fcf27b1bf9adc2024b3c7d46",
            ],
            """
            an action has another key than before: every result in every cache of every user would be made again. \
            Where that is meant, raise Action.keySchema, say so in the changelog, and write the new keys here.
            """)
    }
}
