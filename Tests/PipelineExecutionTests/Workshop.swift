// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Synchronization
import SystemPackage

/// Tools on texts that count how often they are called.
final class Workshop: Sendable {
    private let calls = Mutex<[String: Int]>([:])
    private let hooks = Mutex<[String: @Sendable (ToolContext) throws -> Void]>([:])

    var counts: [String: Int] { calls.withLock { $0 } }

    /// Has `action` called before the tool of this name writes anything.
    func before(_ tool: String, _ action: (@Sendable (ToolContext) throws -> Void)?) {
        hooks.withLock { $0[tool] = action }
    }

    var toolbox: Toolbox {
        let file = ToolInterface.Input("text", [.file], arity: .many, summary: "texts")
        let output = ToolInterface.Output("text", .file, summary: "a text")
        let tools = [
            tool("read", [.init("files", [.folder], summary: "files")], [output]) { context in
                let files = context.input("files").files
                return try files.map { file in
                    "\(file.name): " + String(decoding: try file.contents(), as: UTF8.self) + "\n"
                }.joined()
            },
            tool("upper", [file], [output]) { context in
                try Self.text(context.input("text").path).uppercased() + context.settings.text("suffix")
            },
            tool("first", [file], [output]) { context in
                String(try Self.text(context.input("text").path).prefix { $0 != "\n" })
            },
            tool("join", [file], [output]) { context in
                try context.inputs("text").map { try Self.text($0.path) }.joined(separator: "\n--\n")
            },
            // Another text each time.
            tool("clock", [file], [output]) { [self] _ in "time \(counts["clock"] ?? 0)" },
            tool("forget", [file], [output, .init("other", .file, summary: "never written")]) { _ in "text" },
        ]
        return Toolbox(tools) { path, _ in try FileDigest(ofFileAt: path).digest }
    }

    private func tool(
        _ name: String, _ inputs: [ToolInterface.Input], _ outputs: [ToolInterface.Output],
        _ text: @escaping @Sendable (ToolContext) throws -> String
    ) -> CountingTool {
        let suffix = ToolInterface.Setting("suffix", .text, .defaulted(.text("")), summary: "put after the text")
        let interface = ToolInterface(
            name: name, version: 1, summary: "for tests", inputs: inputs, outputs: outputs, settings: [suffix])
        return CountingTool(interface: interface) { [self] context in
            calls.withLock { $0[name, default: 0] += 1 }
            if let hook = hooks.withLock({ $0[name] }) { try hook(context) }
            try Files.write(Array(text(context).utf8), toNew: context.output("text"))
        }
    }

    private static func text(_ path: FilePath) throws -> String {
        String(decoding: try Files.bytes(of: path), as: UTF8.self)
    }
}

/// A tool that is what its closure does.
struct CountingTool: Tool {
    let interface: ToolInterface
    let body: @Sendable (ToolContext) throws -> Void

    func run(_ context: ToolContext) throws { try body(context) }
}

/// Remembers what happened in a run, a line an event.
final class EventLog: RunObserver {
    private let events = Mutex<[String]>([])
    let wantsLines: Bool

    /// - Parameter wantsLines: whether what commands print is remembered too.
    init(wantsLines: Bool = false) {
        self.wantsLines = wantsLines
    }

    var lines: [String] { events.withLock { $0 } }

    func observe(_ event: RunEvent) {
        let line =
            switch event {
            case .began(let count): "began \(count)"
            case .upToDate(let stage, let position): "\(position) \(stage) up to date"
            case .started(let stage, let position, let reasons):
                "\(position) \(stage) started: " + reasons.map(\.description).joined(separator: "; ")
            case .waitsForOther(let stage): "\(stage) waits"
            case .progressed(let stage, let position, let step):
                "\(position) \(stage) \(step.done) of \(step.total) \(step.counted)"
            case .printed(let stage, let line): "\(stage) | \(line)"
            case .failedAttempt(let stage, let position, let failure, let attempt, let seconds):
                "\(position) \(stage) attempt \(attempt): \(failure.message); \(seconds) s"
            case .ended(let record, let position): "\(position) \(record.stage) \(record.outcome.rawValue)"
            }
        events.withLock { $0.append(line) }
    }
}
