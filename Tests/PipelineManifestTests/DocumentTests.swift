// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// docs/MANIFEST.md says only what is so.
@Suite struct DocumentTests {
    private let document: String

    /// The tools of the examples, as far as these use them.
    private static let tools = [
        tool("images", inputs: [("files", .one)]),
        tool("split", inputs: [("images", .one)], settings: [("validation", .number(0...1))]),
        tool("patches", inputs: [("images", .one)], settings: [("scale", .integerChoice([2, 3, 4]))]),
        tool(
            "train", inputs: [("patches", .one), ("validation", .optional)],
            settings: [
                ("steps", .integer(1...Int.max)), ("learning-rate", .number(0...1)), ("seed", .integer(0...9)),
                ("architecture", .text), ("layers", .list(of: .item(layers), minimum: 1)),
            ]),
        tool(
            "evaluate", inputs: [("images", .one), ("model", .optional)],
            settings: [("dataset", .text), ("scale", .integerChoice([2, 3, 4]))]),
        tool("compare", inputs: [("scores", .many)]),
    ]

    private static let layers = ItemType([
        layer("convolution", .integer(1...4096), fields: [("kernel", .required), ("name", .optional)]),
        layer("prelu", .choice(["per-layer", "per-channel"])), layer("relu", fields: [("name", .optional)]),
        layer(
            "transposed-convolution", .integer(1...4096),
            fields: [("kernel", .required), ("stride", .optional), ("padding", .optional)]),
    ])

    private static func layer(
        _ name: String, _ value: SettingType? = nil,
        fields: [(name: String, presence: ItemType.Kind.Field.Presence)] = []
    ) -> ItemType.Kind {
        ItemType.Kind(
            name, value,
            fields: fields.map {
                ItemType.Kind.Field(
                    $0.name, $0.name == "name" ? .text : .integer(0...64), $0.presence, summary: $0.name)
            },
            summary: name)
    }

    private static func tool(
        _ name: String, inputs: [(name: String, arity: ToolInterface.Input.Arity)],
        settings: [(name: String, type: SettingType)] = []
    ) -> ToolInterface {
        ToolInterface(
            name: name, version: 1, summary: "does \(name)",
            inputs: inputs.map { ToolInterface.Input($0.name, [], arity: $0.arity, summary: $0.name) },
            outputs: [ToolInterface.Output(name, .file, summary: name)],
            settings: settings.map { ToolInterface.Setting($0.name, $0.type, .optional, summary: $0.name) })
    }

    init() throws {
        document = try text(ofFile: "docs/MANIFEST.md")
    }

    /// The blocks of code of one language, of the page or of another one.
    private func blocks(_ language: String, of other: String? = nil) -> [String] {
        let document = other ?? document
        var blocks: [String] = []
        var block: String?
        for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = block {
                if line == "```" { blocks.append(open) }
                block = line == "```" ? nil : open + line + "\n"
            } else if line == "```\(language)" {
                block = ""
            }
        }
        return blocks
    }

    /// A block that is a part of a manifest, with the rest of one.
    private func completed(_ block: String) -> String {
        var whole = block
        if !block.hasPrefix("reprise:") { whole = "reprise: 1\n" + whole }
        if !whole.contains("\nstages:") { whole += "stages: {s: {tool: compare, inputs: x}}\n" }
        return whole
    }

    @Test func `every example is read without a mistake`() throws {
        let examples = blocks("yaml")
        #expect(examples.count == 15)
        for example in examples {
            _ = try manifest(completed(example), tools: Self.tools, include: { _ in .text("reprise: 1\n") })
        }
    }

    @Test func `the example of a catalogue on the page of the data is read, and written in the same words`() throws {
        let page = try text(ofFile: "data/README.md")
        let example = try #require(blocks("yaml", of: page).first)
        let catalogue = try Catalogue.parse(SourceText(file: "data/README.md", text: example))
        #expect(catalogue.parts.map(\.name) == ["x2/HR"])
        let lines = catalogue.text.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(lines == example.split(separator: "\n").filter { $0.hasPrefix("  ") })
    }

    @Test func `the mistakes it shows are told in these words`() throws {
        let shown = try #require(blocks("text").first)
        let manifest = """
            reprise: 1
            stages:
              train:
                tool: synthesize
                setings: {epochs: ten}
              b: {tool: evalute}
            """
        #expect(told(manifest, file: "pipeline.yml") == shown)
    }

    @Test func `every key is described`() {
        let keys = [
            "reprise", "name", "title", "paper", "assumptions", "settings", "sources", "stages", "claims", "authors",
            "catalogue", "includes", "foreach", "matrix", "exclude", "year", "reference", "about", "chosen", "path",
            "files", "role", "tool", "inputs", "run",
            "shell",
            "interpreter", "outputs", "code", "environment", "probe", "learns", "pools",
            "programs", "secrets", "resume", "resources", "retries", "timeout", "count", "backoff", "format", "model",
            "metric", "dataset",
            "scale", "protocol", "value", "tolerance", "place", "source",
        ]
        for key in keys { #expect(document.contains("`\(key)`"), "\(key) is not described") }
    }
}

/// The text of a file of the package.
private func text(ofFile path: String) throws -> String {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let file = try #require(fopen("\(root)/\(path)", "rb"), "\(path) cannot be opened")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}
