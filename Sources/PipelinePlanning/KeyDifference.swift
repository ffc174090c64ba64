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
        reasons += Self.command(old["command"], new["command"], part: "")
        if reasons.isEmpty && old["outputs"] != new["outputs"] { reasons.append(.outputsChanged) }
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
        changes(old["inputs"], new["inputs"]).map { name, before, after in
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
        if changed.isEmpty, old["claims"] != new["claims"] { return [.outputsChanged] }
        return changed
    }

    private static func claimsByName(_ document: JSONValue) -> JSONValue {
        let claims = document["claims"]?.array ?? []
        return .object(
            Dictionary(
                claims.map { ($0["claim"]?.text ?? "", $0) }, uniquingKeysWith: { first, _ in first }))
    }

    private static func command(_ old: JSONValue?, _ new: JSONValue?, part: String) -> [StaleReason] {
        guard old != new else { return [] }
        if case .object? = old, case .object? = new {
            return changes(old, new).flatMap { name, before, after in
                command(before, after, part: part.isEmpty ? name : "\(part).\(name)")
            }
        }
        return [.commandChanged(part: part.isEmpty ? "command" : part, old: old, new: new)]
    }

    /// The members that differ, sorted by name.
    private static func changes(
        _ old: JSONValue?, _ new: JSONValue?
    ) -> [(name: String, old: JSONValue?, new: JSONValue?)] {
        let (before, after) = (old?.object ?? [:], new?.object ?? [:])
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            before[name] == after[name] ? nil : (name, before[name], after[name])
        }
    }
}
