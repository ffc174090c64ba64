// SPDX-License-Identifier: Apache-2.0

package import ContentStore

extension StaleReason {
    /// The reason as commands print it: `kind`, what is named, `old` and `new` where there are such, and `text` for
    /// people.
    package var json: JSONValue {
        var members = parts
        members["kind"] = .text(kind)
        members["text"] = .text(description)
        return .object(members)
    }

    private var kind: String {
        switch self {
        case .neverRan: "never-ran"
        case .resultGone: "result-gone"
        case .settingChanged: "setting-changed"
        case .settingAdded: "setting-added"
        case .settingRemoved: "setting-removed"
        case .inputChanged: "input-changed"
        case .inputAdded: "input-added"
        case .inputRemoved: "input-removed"
        case .toolChanged: "tool-changed"
        case .claimChanged: "claim-changed"
        case .commandChanged: "command-changed"
        case .outputsChanged: "outputs-changed"
        case .keySchemaChanged: "key-schema-changed"
        case .forced: "forced"
        case .objectAbsent: "object-absent"
        }
    }

    private var parts: [String: JSONValue] {
        switch self {
        case .neverRan, .resultGone, .outputsChanged, .forced: [:]
        case .settingChanged(let name, let old, let new), .inputChanged(let name, let old, let new):
            ["name": .text(name), "old": old, "new": new]
        case .settingAdded(let name, let new): ["name": .text(name), "new": new]
        case .settingRemoved(let name, let old): ["name": .text(name), "old": old]
        case .inputAdded(let name), .inputRemoved(let name): ["name": .text(name)]
        case .toolChanged(let old, let new): ["old": .text(old), "new": .text(new)]
        case .claimChanged(let name, let old, let new):
            ["name": .text(name), "old": old ?? .null, "new": new ?? .null]
        case .commandChanged(let part, let old, let new):
            ["name": .text(part.path), "old": old ?? .null, "new": new ?? .null]
        case .keySchemaChanged(let old, let new): ["old": .integer(old), "new": .integer(new)]
        case .objectAbsent(let output, let neededBy): ["name": .text(output), "neededBy": .text(neededBy)]
        }
    }
}
