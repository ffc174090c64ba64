// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage
import Testing

/// The manifests in the tree fit the tools as they are.
@Suite struct PipelineFileTests {
    static let manifests: [String] = {
        let folder = SharedData.root.appendingPathComponent("pipelines")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL]
        return (files ?? []).map(\.path).filter { $0.hasSuffix(".yml") }.sorted()
    }()

    private func expectSound(_ text: String, file: String) throws -> StageGraph? {
        do {
            return try StageGraph.parse(
                SourceText(file: file, text: text), interfaces: Toolbox.standard.interfaces,
                folder: FilePath(file).removingLastComponent())
        } catch {
            Issue.record("\(file): \(error.all.map(\.message).joined(separator: "; "))")
            return nil
        }
    }

    @Test func `there are manifests to test`() {
        let names = Self.manifests.map { $0.split(separator: "/").suffix(2).joined(separator: "/") }
        #expect(
            Set(names).isSuperset(of: [
                "bicubic/pipeline.yml", "fsrcnn-div2k/pipeline.yml", "fsrcnn-div2k/stand-in.yml", "fsrcnn/x3.yml",
                "fsrcnn/x3-short.yml", "quickstart/pipeline.yml",
            ]))
    }

    @Test(arguments: manifests)
    func `every manifest of the tree is sound`(path: String) throws {
        let graph = try #require(try expectSound(String(contentsOfFile: path, encoding: .utf8), file: path))
        #expect(graph.names.count > 3)
    }

    /// A figure for which no model is trained and evaluated, or on no such set, would be not-measured for good; that of
    /// a stand-in is for the data it stands for.
    @Test(arguments: manifests.filter { !$0.hasSuffix("stand-in.yml") })
    func `every claim names a data set, scale and protocol that some stage scores`(path: String) throws {
        let graph = try #require(try expectSound(String(contentsOfFile: path, encoding: .utf8), file: path))
        let evaluations = graph.stages(neededFor: []).compactMap { node -> [String: JSONValue]? in
            guard case .tool(let tool, _) = node.stage.work, tool.name == "evaluate" else { return nil }
            return Dictionary(uniqueKeysWithValues: node.stage.settings.map { ($0.name, JSONValue($0.value)) })
        }
        for claim in graph.manifest.claims {
            let fitting = evaluations.contains { settings in
                settings["dataset"]?.text == claim.dataset && settings["scale"]?.integer == claim.scale
                    && protocolNames(settings).contains(claim.evaluationProtocol)
            }
            #expect(fitting, "claim '\(claim.name.value)'")
        }
    }

    @Test func `the stand-in for DIV2K is trained and scored as DIV2K is, but for sizes and numbers of images`() throws
    {
        func stages(_ name: String) throws -> [String: [String: JSONValue]] {
            let path = try #require(Self.manifests.first { $0.hasSuffix("fsrcnn-div2k/\(name).yml") })
            let graph = try #require(try expectSound(String(contentsOfFile: path, encoding: .utf8), file: path))
            return Dictionary(
                uniqueKeysWithValues: graph.stages(neededFor: []).map { node in
                    let settings = node.stage.settings.map { ($0.name, JSONValue($0.value)) }
                    return (node.stage.name.value, Dictionary(uniqueKeysWithValues: settings))
                })
        }
        let (full, small) = (try stages("pipeline"), try stages("stand-in"))
        #expect(full.keys.sorted() == small.keys.sorted() && full.count == 9)
        let sizes: Set = [
            "crop", "input", "passes", "steps", "dataset", "train-ids", "validation-ids", "test-ids",
        ]
        for (name, settings) in full where name != "div2k-images" {
            #expect(settings.filter { !sizes.contains($0.key) } == small[name]?.filter { !sizes.contains($0.key) })
        }
        // The tutorial's numbers, in full.
        #expect(full["split"]?["train-ids"] == "1-700" && full["split"]?["test-ids"] == "801-900")
        #expect(full["train-crops"]?["crop"] == 648 && full["train-patches"]?["input"] == 162)
        #expect(full["train"]?["steps"] == 10000 && full["train"]?["epoch-steps"] == 20)
    }

    /// As an evaluation with these settings calls its figures' protocols.
    private func protocolNames(_ settings: [String: JSONValue]) -> [String] {
        let kernel = (settings["kernel"]?.text).flatMap { ResamplingKernel(named: $0) }
        return (settings["protocols"]?.array ?? []).compactMap { name in
            guard var evaluation = name.text.flatMap(EvaluationProtocol.init(named:)) else { return nil }
            if let kernel { evaluation = evaluation.with(kernel: kernel) }
            if let crop = settings["crop"]?.integer { evaluation = evaluation.onCrops(of: crop) }
            return evaluation.name
        }
    }

    @Test(.enabled(if: SharedData.isThere, SharedData.absence))
    func `every claim about bicubic is a match`() throws {
        let path = try #require(Self.manifests.first { $0.hasSuffix("bicubic/pipeline.yml") })
        let graph = try #require(try expectSound(String(contentsOfFile: path, encoding: .utf8), file: path))
        var scores: [Score] = []
        for (dataset, count) in [("Set5", 5), ("Set14", 14)] {
            for scale in [2, 3, 4] {
                let images = try (1...count).map { number in
                    try SharedData.image("\(dataset)/x\(scale)/HR/img_\(String(1000 + number).dropFirst()).png")
                }
                for evaluation in [EvaluationProtocol.rgb8, .yDouble, .yDoubleClamp] {
                    let samples = images.map { evaluation.prepared($0, scale: scale) }
                    for metric in [Metric.psnr, .ssim] {
                        scores.append(
                            Score.mean(
                                of: try samples.map { sample in
                                    Score(
                                        model: "bicubic", metric: metric, dataset: dataset, scale: scale,
                                        protocolName: evaluation.name,
                                        value: try #require(evaluation.value(of: metric, sample.bicubic, for: sample)))
                                }))
                    }
                }
            }
        }
        #expect(graph.manifest.claims.count == 36)
        for claim in graph.manifest.claims {
            let metric = try #require(Metric(rawValue: claim.metric))
            let figure = try #require(
                PaperFigure(
                    id: claim.name.value, model: claim.model, metric: metric,
                    dataset: claim.dataset, scale: claim.scale, protocolName: claim.evaluationProtocol,
                    printed: claim.printed))
            #expect(Deviation(of: figure, among: scores).verdict == .match, "\(claim.name.value)")
        }
    }

    @Test func `the first example of the manifest's page is sound`() throws {
        let page = try String(contentsOf: SharedData.root.appendingPathComponent("docs/MANIFEST.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```yaml\n")
        let example = try #require(parts.dropFirst().first?.components(separatedBy: "\n```").first)
        #expect(example.hasPrefix("reprise: 1"))
        let graph = try #require(try expectSound(example, file: SharedData.root.path + "/docs/MANIFEST.md"))
        #expect(graph.names == ["train-images", "split", "patches", "train", "test-images", "scores", "verdicts"])
    }

    @Test func `the example of the protocols' page is sound`() throws {
        let page = try String(contentsOf: SharedData.root.appendingPathComponent("docs/PROTOCOLS.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```yaml\n").dropFirst()
        let example = try #require(parts.first?.components(separatedBy: "\n```").first)
        #expect(parts.count == 1)
        let rest = """

              test-images: {tool: images, inputs: set5}
              train: {tool: train, inputs: {patches: patches}, settings: {steps: 1}}
              patches: {tool: patches, inputs: t91, settings: {scale: 3}}
              t91: {tool: synthesize, settings: {count: 1}}
            sources:
              set5: {path: Set5}
            reprise: 1
            """
        _ = try #require(try expectSound(example + rest, file: "docs/PROTOCOLS.md"))
    }

    @Test func `the example of the page on weights is sound`() throws {
        let page = try String(contentsOf: SharedData.root.appendingPathComponent("docs/WEIGHTS.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```yaml\n").dropFirst()
        let example = try #require(parts.first?.components(separatedBy: "\n```").first)
        #expect(parts.count == 1)
        let graph = try #require(try expectSound(example, file: "docs/WEIGHTS.md"))
        #expect(graph.names == ["keras", "torch", "out"])
    }

    @Test func `the page of the tools says what their interfaces say, and no more`() throws {
        let page = try String(contentsOf: SharedData.root.appendingPathComponent("docs/TOOLS.md"), encoding: .utf8)
        let sections = page.components(separatedBy: "\n## ").dropFirst()
        #expect(sections.map { $0.prefix { $0 != "\n" } } == Toolbox.standard.interfaces.map { $0.name[...] })
        for (section, tool) in zip(sections, Toolbox.standard.interfaces) {
            let lines = section.split(separator: "\n").map(String.init)
            #expect(lines.contains("\(tool.name), version \(tool.version): \(tool.summary)"))
            let rows = rows(of: tool)
            let written = lines.filter { $0.hasPrefix("  ") }
            #expect(written.count == rows.count, "'\(tool.name)': run 'make docs'")
            for (line, row) in zip(written, rows) {
                #expect(
                    line.hasPrefix("  \(row[0]) ") && line.contains(row[1]) && line.hasSuffix("  \(row[2])"),
                    "'\(row[0])' of '\(tool.name)' is written otherwise: run 'make docs'")
            }
        }
    }

    /// What each line of a tool's text starts with, has in it and ends with.
    private func rows(of tool: ToolInterface) -> [[String]] {
        var rows = tool.inputs.map { [$0.name, $0.formats[0].rawValue, $0.summary] }
        rows += tool.outputs.map { [$0.name, $0.format.rawValue, $0.summary] }
        for setting in tool.settings {
            let hasWords = tool.words.contains { $0.setting == setting.name }
            let type =
                hasWords ? "words below" : itemKinds(of: setting).isEmpty ? setting.type.description : "kinds below"
            rows.append([setting.name, type + "; ", setting.summary])
        }
        for setting in tool.settings {
            for word in tool.words where word.setting == setting.name {
                rows.append([word.word, word.word, word.summary])
            }
            for kind in itemKinds(of: setting) {
                rows.append([kind.name, kind.value?.description ?? "no value", kind.summary])
                for field in kind.fields {
                    rows.append(["  \(field.name)", "\(field.type); \(field.presence)", field.summary])
                }
            }
        }
        return rows
    }

    private func itemKinds(of setting: ToolInterface.Setting) -> [ItemType.Kind] {
        switch setting.type {
        case .item(let type), .list(.item(let type), _): type.kinds
        default: []
        }
    }

    @Test func `the page of the protocols says what each does, and each metric`() throws {
        let page = try String(contentsOf: SharedData.root.appendingPathComponent("docs/PROTOCOLS.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(rows.count == EvaluationProtocol.all.count + Metric.allCases.count)
        for (row, evaluation) in zip(rows, EvaluationProtocol.all) {
            #expect(row.hasPrefix("| `\(evaluation)` | \(evaluation.summary) | "))
        }
        for (row, metric) in zip(rows.suffix(Metric.allCases.count), Metric.allCases) {
            #expect(row == "| `\(metric.rawValue)` | \(metric.summary) |")
        }
    }

    @Test func `every tool is described, and every default is what its setting takes`() {
        for interface in Toolbox.standard.interfaces {
            #expect(!interface.summary.isEmpty && !interface.outputs.isEmpty)
            let kinds = interface.settings.flatMap { itemKinds(of: $0) }
            var summaries = interface.inputs.map(\.summary) + interface.outputs.map(\.summary)
            summaries += interface.settings.map(\.summary)
            summaries += kinds.map(\.summary)
            summaries += kinds.flatMap(\.fields).map(\.summary)
            for summary in summaries {
                #expect(!summary.isEmpty && !summary.hasSuffix(".") && summary.first?.isLowercase != nil)
            }
            for setting in interface.settings {
                guard case .defaulted(let value) = setting.presence else { continue }
                #expect(fits(value, setting.type), "\(interface.name): \(setting.name)")
            }
        }
    }

    private func fits(_ value: SettingValue, _ type: SettingType) -> Bool {
        switch (value, type) {
        case (.boolean, .boolean), (.text, .text): true
        case (.integer(let value), .integer(let range)): range.contains(value)
        case (.number(let value), .number(let range)): range.contains(value)
        case (.text(let value), .choice(let words)): words.contains(value)
        case (.integer(let value), .integerChoice(let integers)): integers.contains(value)
        case (.list(let values), .list(let element, let minimum)):
            values.count >= minimum && values.allSatisfy { fits($0, element) }
        default: false
        }
    }
}
