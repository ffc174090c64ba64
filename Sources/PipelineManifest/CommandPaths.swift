// SPDX-License-Identifier: Apache-2.0

/// What `${inputs.NAME}`, `${outputs.NAME}` and `${resume}` stand for in one command; nil where what was declared under
/// that name was wrong.
struct CommandPaths {
    struct Input {
        let paths: [String]
        let isList: Bool
    }

    var inputs: [String: Input?] = [:]
    var outputs: [String: String?] = [:]
    /// Nil on the outside where the stage has no such folder.
    var resume: String??

    /// Every name that a command may write.
    var names: [String] {
        inputs.keys.sorted().map { "inputs.\($0)" } + outputs.keys.sorted().map { "outputs.\($0)" }
            + (resume == nil ? [] : ["resume"])
    }

    func input(_ name: String) -> Input? {
        name.hasPrefix("inputs.") ? inputs[String(name.dropFirst("inputs.".count))] ?? nil : nil
    }

    func list(_ name: String) -> [String]? {
        input(name).flatMap { $0.isList ? $0.paths : nil }
    }

    /// The path of an output, or of the folder that outlives failed attempts.
    func written(_ name: String) -> String? {
        if name == "resume" { return resume ?? nil }
        return name.hasPrefix("outputs.") ? outputs[String(name.dropFirst("outputs.".count))] ?? nil : nil
    }

    /// Whether the name was declared, even if wrongly.
    func isKnown(_ name: String) -> Bool { names.contains(name) }
}
