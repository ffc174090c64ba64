// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Testing

/// Items on their way from the manifest to the tool, and failures on their way back.
@Suite struct SettingItemTests {
    private static let layers = ItemType([
        .init(
            "convolution", .integer(1...4096),
            fields: [
                .init("kernel", .integer(1...64), .required, summary: "rows and columns"),
                .init("rate", .number(0...9), .optional, summary: "of learning"),
                .init("bias", .boolean, .optional, summary: "whether it has biases"),
                .init("name", .text, .optional, summary: "its name"),
            ],
            summary: "with so many channels"),
        .init("relu", summary: "the larger of 0 and the value"),
    ])

    private static let tool = ToolInterface(
        name: "build", version: 1, summary: "builds", inputs: [], outputs: [.init("model", .file, summary: "a file")],
        settings: [
            .init("layers", .list(of: .item(layers), minimum: 1), .required, summary: "from first to last"),
            .init("others", .list(of: .item(layers), minimum: 0), .optional, summary: "more"),
            .init("sizes", .list(of: .integer(1...9), minimum: 1), .defaulted(.list([.integer(1)])), summary: "sizes"),
        ])

    private static let text = """
        reprise: 1
        settings: {rate: 1}
        stages:
          b:
            tool: build
            settings:
              layers:
                - {convolution: 56, kernel: 5, rate: "${rate}", bias: false}
                - relu
                - convolution: 1
                  kernel: 3
                  name: "12"

        """

    private let manifest: Manifest
    private let stage: Stage

    init() throws {
        manifest = try Manifest.parse(SourceText(file: "p.yml", text: Self.text), interfaces: [Self.tool])
        stage = try #require(manifest.stages.first)
    }

    @Test func `items are read by the stage's process as the manifest has them`() throws {
        let settings = Dictionary(uniqueKeysWithValues: stage.settings.map { ($0.name, JSONValue($0.value)) })
        let written: JSONValue = [
            "schema": 2, "stage": "b", "folder": "/f", "checkpoint": "/p", "threads": 1, "inputs": [], "outputs": [],
            "tool": "build", "toolVersion": 3, "settings": .object(settings), "claims": [],
        ]
        let order = try WorkOrder(json: JSONValue(parsing: written.canonicalBytes))
        #expect(order.json == written)
        guard case .tool(_, _, let received, _) = order.work else {
            Issue.record("\(order.work)")
            return
        }
        let layers = ToolSettings(received).items("layers", of: Self.layers)
        #expect(layers.map(\.kind) == ["convolution", "relu", "convolution"])
        let (first, last) = (layers[0].fields, layers[2].fields)
        #expect(first.integer("convolution") == 56 && first.integer("kernel") == 5)
        #expect(first.number("rate") == 1 && first.optionalBoolean("bias") == false)
        #expect(last.integer("convolution") == 1 && last.text("name") == "12")
        #expect(last.optionalNumber("rate") == nil && last.optionalBoolean("bias") == nil)
        #expect(layers[1].fields == ToolSettings(["relu": true]))
        #expect(ToolSettings(received).optionalItems("others", of: Self.layers) == nil)
    }

    @Test func `a failure of an element is told at that element`() {
        let failure = StageFailure.tool(ToolFailure("it is too small", at: .setting("layers", element: 2)))
        #expect(
            DiagnosticText().text(of: failure.diagnostic(of: stage, in: manifest)) == """
                error: p.yml:10:11: stage 'b' failed: it is too small
                          - convolution: 1
                            ^^^^^^^^^^^

                """)
    }

    @Test(arguments: [("layers", 3, 8), ("layers", -1, 8), ("layers", nil, 8), ("sizes", 0, 4), ("others", 0, 4)])
    func `a failure of no written element is told at the setting, or at the stage`(
        setting: String, element: Int?, line: Int
    ) {
        let failure = StageFailure.tool(ToolFailure("bad", at: .setting(setting, element: element)))
        #expect(failure.diagnostic(of: stage, in: manifest).location.line == line)
    }
}
