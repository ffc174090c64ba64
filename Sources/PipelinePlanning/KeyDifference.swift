// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// The structural difference of two key documents, as reasons to run again; empty only where they are equal.
package struct KeyDifference {
    package let reasons: [StaleReason]

    package init(from old: JSONValue, to new: JSONValue) {
        var reasons: [StaleReason] = []
        reasons += Self.schema(old, new)
        reasons += Self.tool(old, new)
        reasons += Self.settings(old, new)
        reasons += Self.inputs(old, new)
        reasons += Self.claims(old, new)
        reasons += Self.command(old, new)
        // What is left of a document are its outputs.
        if reasons.isEmpty && Self.differ(old, new) { reasons.append(.outputsChanged) }
        self.reasons = reasons
    }

    private static func schema(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        let (before, after) = (old["schema"]?.integer ?? 0, new["schema"]?.integer ?? 0)
        return before == after ? [] : [.keySchemaChanged(old: before, new: after)]
    }

    private static func tool(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        let (before, after) = (toolText(old), toolText(new))
        return before == after ? [] : [.toolChanged(old: before, new: after)]
    }

    private static func toolText(_ document: JSONValue) -> String {
        guard let tool = document["tool"], let name = tool["name"]?.text else { return "a command" }
        return "\(name) \(tool["version"]?.integer ?? 0)"
    }

    private static func settings(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        changes(old["settings"], new["settings"]).map { name, before, after in
            switch (before, after) {
            case (let before?, let after?): .settingChanged(name: name, old: before, new: after)
            case (let before?, nil): .settingRemoved(name: name, old: before)
            case (nil, let after): .settingAdded(name: name, new: after ?? .null)
            }
        }
    }

    private static func inputs(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        inputs(changes(old["inputs"], new["inputs"]))
            + inputs(
                changes(old["catalogues"], new["catalogues"]).map { ("catalogue of \($0.name)", $0.old, $0.new) })
    }

    private static func inputs(_ changes: [(name: String, old: JSONValue?, new: JSONValue?)]) -> [StaleReason] {
        changes.map { name, before, after in
            switch (before, after) {
            case (let before?, let after?): .inputChanged(name: name, old: before, new: after)
            case (_?, nil): .inputRemoved(name: name)
            case (nil, _): .inputAdded(name: name)
            }
        }
    }

    private static func claims(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        let changed = changes(claimsByName(old), claimsByName(new)).map { name, before, after in
            StaleReason.claimChanged(name: name, old: before, new: after)
        }
        // The order of the claims is the order of the table, so it is part of the result.
        if changed.isEmpty, differ(old["claims"], new["claims"]) { return [.outputsChanged] }
        return changed
    }

    private static func claimsByName(_ document: JSONValue) -> JSONValue {
        let claims = document["claims"]?.array ?? []
        return .object(
            Dictionary(
                claims.map { ($0["claim"]?.text ?? "", $0) }, uniquingKeysWith: { first, _ in first }))
    }

    /// Where one of them is a tool's, the change of the tool says it all.
    private static func command(_ old: JSONValue, _ new: JSONValue) -> [StaleReason] {
        guard let old = old["command"], let new = new["command"] else { return [] }
        let isScript = old["shell"] != nil && new["shell"] != nil
        return changes(old, new).flatMap { name, before, after -> [StaleReason] in
            switch name {
            case "arguments": [.commandChanged(part: isScript ? .script : .arguments, old: before, new: after)]
            case "shell": [.commandChanged(part: .shell, old: before, new: after)]
            case "code": parts(before, after) { .code(file: $0) }
            case "environment": parts(before, after) { .variable($0) }
            case "programs": parts(before, after) { .program($0) }
            case "probes": [.commandChanged(part: .probes, old: before, new: after)]
            default: [.commandChanged(part: .other(name), old: before, new: after)]
            }
        }
    }

    private static func parts(
        _ old: JSONValue?, _ new: JSONValue?, part: (String) -> CommandPart
    ) -> [StaleReason] {
        changes(old, new).map { name, before, after in .commandChanged(part: part(name), old: before, new: after) }
    }

    /// The members that differ, sorted by name.
    private static func changes(
        _ old: JSONValue?, _ new: JSONValue?
    ) -> [(name: String, old: JSONValue?, new: JSONValue?)] {
        let (before, after) = (old?.object ?? [:], new?.object ?? [:])
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            differ(before[name], after[name]) ? (name, before[name], after[name]) : nil
        }
    }

    /// By their bytes, as keys are: texts that Swift holds to be equal may be written with other bytes.
    private static func differ(_ old: JSONValue?, _ new: JSONValue?) -> Bool {
        old?.canonicalBytes != new?.canonicalBytes
    }
}
