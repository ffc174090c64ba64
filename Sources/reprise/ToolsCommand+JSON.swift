// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning

extension ToolInterface {
    /// What `tools --json` prints of a tool.
    var json: JSONValue {
        [
            "name": .text(name), "version": .integer(version), "summary": .text(summary),
            "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
            "settings": .array(settings.map { .object($0.members(words: words)) }),
        ]
    }
}

extension ToolInterface.Input {
    fileprivate var json: JSONValue {
        let arity =
            switch arity {
            case .one: "one"
            case .optional: "optional"
            case .many: "many"
            }
        let purpose =
            switch purpose {
            case .reads: "reads"
            case .learns: "learns"
            case .chooses: "chooses"
            }
        return [
            "name": .text(name), "formats": .array(formats.map { .text($0.rawValue) }), "count": .text(arity),
            "purpose": .text(purpose), "summary": .text(summary),
        ]
    }
}

extension ToolInterface.Output {
    fileprivate var json: JSONValue {
        [
            "name": .text(name), "format": .text(format.rawValue),
            "role": role.map { .text($0.rawValue) } ?? .null, "summary": .text(summary),
        ]
    }
}

extension ToolInterface.Setting {
    fileprivate func members(words: [ToolInterface.Word]) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "name": .text(name), "takes": .text("\(type)"), "summary": .text(summary),
            "required": .boolean(presence == .required),
        ]
        if case .defaulted(let value) = presence { members["default"] = JSONValue(value) }
        let own = words.filter { $0.setting == name }
        if !own.isEmpty {
            members["words"] = .object(
                Dictionary(own.map { ($0.word, .text($0.summary)) }, uniquingKeysWith: { first, _ in first }))
        }
        return members
    }
}
