// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Reporting

struct ToolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tools",
        abstract: "Lists the tools that a stage can name, or all of one tool's inputs, outputs and settings.")

    @Argument(help: "A tool.")
    var name: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        let interfaces = Toolbox.standard.interfaces
        guard let name else {
            if json { return write(interfaces) }
            var table = TextTable([.init(""), .init("")])
            for interface in interfaces { table.append([.init(interface.name), .init(interface.summary)]) }
            Terminal.output.write(
                table.text()
                    + "\n'reprise tools NAME' shows a tool's inputs, outputs and settings. A stage with 'run:' runs "
                    + "any program.\n")
            return
        }
        guard let interface = interfaces.first(where: { $0.name == name }) else {
            throw UsageError(
                "there is no tool '\(name)'",
                hint: suggestion(for: name, among: interfaces.map(\.name))
                    ?? "the tools: \(interfaces.map(\.name).joined(separator: ", "))")
        }
        if json { return write([interface]) }
        Terminal.output.write(ToolText.text(of: interface))
    }

    private func write(_ interfaces: [ToolInterface]) {
        let object: JSONValue = ["schema": 1, "tools": .array(interfaces.map(\.json))]
        Terminal.output.write(object.canonicalText + "\n")
    }
}

/// A tool's interface for people.
enum ToolText {
    static func text(of interface: ToolInterface) -> String {
        var text = "\(interface.name), version \(interface.version): \(interface.summary)\n"
        text += section(
            "inputs", rows: interface.inputs.map { [$0.name, kind(of: $0), $0.summary] })
        text += section(
            "outputs",
            rows: interface.outputs.map { output in
                let role = output.role.map { ", role \($0.rawValue)" } ?? ""
                return [output.name, output.format.rawValue + role, output.summary]
            })
        text += section(
            "settings",
            rows: interface.settings.map {
                [$0.name, "\(kind(of: $0, in: interface)); \(presence(of: $0))", $0.summary]
            })
        for setting in interface.settings {
            let words = interface.words.filter { $0.setting == setting.name }
            text += section(setting.name, rows: words.map { [$0.word, $0.summary] })
            if let type = setting.type.itemType { text += section(setting.name, rows: type.kinds.flatMap(rows)) }
        }
        return text
    }

    /// A row for the kind of item, and one for each of its fields, set in.
    private static func rows(of kind: ItemType.Kind) -> [[String]] {
        [[kind.name, kind.value.map { "\($0)" } ?? "no value", kind.summary]]
            + kind.fields.map { field in
                let presence = field.presence == .required ? "required" : "optional"
                return ["  \(field.name)", "\(field.type); \(presence)", field.summary]
            }
    }

    private static func section(_ title: String, rows: [[String]]) -> String {
        if rows.isEmpty { return "" }
        var table = TextTable(rows[0].map { _ in .init("") })
        for row in rows { table.append(row.map { .init($0) }) }
        return "\n\(title)\n" + table.text().split(separator: "\n").map { "  \($0)\n" }.joined()
    }

    private static func kind(of input: ToolInterface.Input) -> String {
        let formats = input.formats.map(\.rawValue).joined(separator: " or ")
        let arity =
            switch input.arity {
            case .one: ""
            case .optional: ", optional"
            case .many: ", one or more"
            }
        let purpose =
            switch input.purpose {
            case .reads: ""
            case .learns: ", learned from"
            case .chooses: ", chosen by"
            }
        return formats + arity + purpose + (input.checksCatalogue ? ", checked by its catalogue" : "")
    }

    /// The type; words and kinds that stand below the table are not listed twice.
    private static func kind(of setting: ToolInterface.Setting, in interface: ToolInterface) -> String {
        let hasWords = interface.words.contains { $0.setting == setting.name }
        switch setting.type {
        case .item: return "one of the kinds below"
        case .choice where hasWords: return "one of the words below"
        case .list(.item, let minimum): return list(of: "kinds", atLeast: minimum)
        case .list(.choice, let minimum) where hasWords: return list(of: "words", atLeast: minimum)
        default: return "\(setting.type)"
        }
    }

    private static func list(of what: String, atLeast minimum: Int) -> String {
        "a list\(minimum > 0 ? " of at least \(minimum)" : "") of the \(what) below"
    }

    private static func presence(of setting: ToolInterface.Setting) -> String {
        switch setting.presence {
        case .required: "required"
        case .optional: "optional"
        case .defaulted(let value): "default \(JSONValue(value).canonicalText)"
        }
    }
}

extension SettingType {
    /// The kinds of item that the setting takes, or a list of which it takes.
    fileprivate var itemType: ItemType? {
        switch self {
        case .item(let type), .list(.item(let type), _): type
        default: nil
        }
    }
}
