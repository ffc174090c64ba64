// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage
import Testing

/// Interfaces with one of everything that a graph looks at.
enum Tools {
    static let all = [load, cut, fit, measure, judge]

    static let load = ToolInterface(
        name: "load", version: 3, summary: "reads pictures",
        inputs: [.init("files", [.folder], checksCatalogue: true, summary: "pictures")],
        outputs: [.init("images", .images, summary: "all of them")], settings: [])

    static let cut = ToolInterface(
        name: "cut", version: 1, summary: "splits a set",
        inputs: [.init("images", [.images], summary: "what is split")],
        outputs: [
            .init("train", .images, role: .train, summary: "one part"),
            .init("validation", .images, role: .validation, summary: "another part"),
            .init("test", .images, role: .test, summary: "a third part"),
        ],
        settings: [
            .init("share", .number(0...1), .defaulted(.number(0.5)), summary: "of the first part"),
            .init("seed", .integer(0...1000), .defaulted(.integer(1)), summary: "of the shuffling"),
        ])

    static let fit = ToolInterface(
        name: "fit", version: 2, summary: "trains",
        inputs: [
            .init("training", [.images, .patches], purpose: .learns, summary: "what it learns from"),
            .init("validation", [.images], purpose: .chooses, arity: .optional, summary: "what it chooses by"),
            .init("start", [.model], purpose: .learns, arity: .optional, summary: "a model to begin with"),
        ],
        outputs: [
            .init("model", .model, summary: "the network"), .init("log", .trainingLog, summary: "a row an epoch"),
        ],
        settings: [
            .init("learning-rate", .number(0...1), .required, summary: "step size"),
            .init("epochs", .integer(1...1000), .defaulted(.integer(10)), summary: "how long"),
            .init("deep", .boolean, .defaulted(.boolean(false)), summary: "more layers"),
            .init("label", .text, .defaulted(.text("small")), summary: "a word"),
            .init("loss", .choice(["l1", "l2"]), .defaulted(.text("l2")), summary: "what is minimised"),
            .init(
                "sizes", .list(of: .integer(1...99), minimum: 1), .defaulted(.list([.integer(5)])), summary: "layers"),
            .init("clip", .number(0...10), .optional, summary: "limit of the gradient"),
        ])

    static let measure = ToolInterface(
        name: "measure", version: 1, summary: "scores a model",
        inputs: [
            .init("images", [.images], arity: .many, summary: "test sets"),
            .init("model", [.model], arity: .optional, summary: "the network"),
        ],
        outputs: [.init("scores", .scores, summary: "all scores")], settings: [])

    static let judge = ToolInterface(
        name: "judge", version: 1, summary: "compares with the paper",
        inputs: [.init("scores", [.scores], arity: .many, summary: "scores")],
        outputs: [.init("deviations", .deviations, summary: "verdicts")], settings: [], readsClaims: true)
}

/// A manifest's graph; records what is wrong with one that has none.
func graph(_ text: String, at place: Testing.SourceLocation = #_sourceLocation) throws -> StageGraph {
    do {
        return try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: Tools.all)
    } catch {
        Issue.record("\(DiagnosticText().text(of: error))", sourceLocation: place)
        throw error
    }
}

/// Compares the whole of what the author of a manifest is told with `expected`.
func check(_ text: String, tells expected: String, at place: Testing.SourceLocation = #_sourceLocation) {
    do {
        _ = try StageGraph.parse(SourceText(file: "p.yml", text: text), interfaces: Tools.all)
        Issue.record("nothing was told", sourceLocation: place)
    } catch {
        let found = DiagnosticText().text(of: error)
        #expect(found == expected, "told:\n\(found)", sourceLocation: place)
    }
}

/// A pipeline of all fixture tools, without a mistake.
let wholePipeline = """
    reprise: 1
    name: whole
    sources:
      photos: {path: photos, role: train}
      exam: {path: exam, role: test}
    stages:
      judge: {tool: judge, inputs: measure}
      load: {tool: load, inputs: photos}
      load-exam: {tool: load, inputs: exam}
      cut: {tool: cut, inputs: load}
      fit:
        tool: fit
        inputs: {training: cut/train, validation: cut/validation}
        settings: {learning-rate: 0.001}
      measure: {tool: measure, inputs: {images: [load-exam, cut/validation], model: fit}}

    """

/// A store that says it holds what it was told to hold, and can hand out nothing.
struct NamedObjects: ObjectStore {
    var held: Set<Digest> = []

    func holds(_ object: Digest, byteCount: Int) -> Bool { held.contains(object) }
    func path(of object: Digest) -> FilePath { FilePath("/objects").appending(object.description) }

    func insert(movingFileAt path: FilePath) throws(StoreError) -> FileDigest {
        throw .cannot(action: "write", path: path, reason: .readOnlyFileSystem)
    }

    func insert(_ bytes: [UInt8]) throws(StoreError) -> FileDigest {
        throw .cannot(action: "write", path: "/", reason: .readOnlyFileSystem)
    }

    func bytes(of object: Digest) throws(StoreError) -> [UInt8] { throw .absent(object: object) }
    func verifiedFile(of object: Digest) throws(StoreError) -> FilePath { throw .absent(object: object) }
    func sync() {}
}

extension SourceSnapshot {
    /// Each of these sources holds one file of its own.
    static func of(_ sources: String...) -> SourceSnapshot {
        var snapshot = SourceSnapshot()
        for source in sources { snapshot.sources[source] = content(source) }
        return snapshot
    }

    static func content(_ bytes: String) -> SourceContent {
        let digest = FileDigest(digest: Digest(ofText: bytes), byteCount: bytes.utf8.count)
        let status = FileStatus(
            kind: .file, byteCount: digest.byteCount, device: 0, inode: 0, modificationTime: 0, changeTime: 0)
        return SourceContent(files: [SourceContent.File(name: "file", path: "/file", bytes: digest, status: status)])
    }
}

extension StageNode {
    /// A result with an output for each that the stage declares, whose digests come of `seed`.
    func result(_ seed: String = "") -> ActionResult {
        ActionResult(
            outputs: stage.outputs.map { output in
                let object = Digest(ofText: "object \(name)/\(output.name) \(seed)")
                return Artifact(
                    name: output.name, format: output.format.rawValue,
                    content: output.format.hasCanonicalContent
                        ? Digest(ofText: "content \(name)/\(output.name) \(seed)") : object,
                    object: object, byteCount: 1)
            })
    }
}
