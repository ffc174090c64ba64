// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// Why a stage runs: what is new, with the old value where there was one.
package enum StaleReason: Hashable, Sendable {
    /// Nothing is known of an earlier run of this stage.
    case neverRan
    /// The key is the one of before, but its result is not in the cache.
    case resultGone
    case settingChanged(name: String, old: JSONValue, new: JSONValue)
    case settingAdded(name: String, new: JSONValue)
    case settingRemoved(name: String, old: JSONValue)
    case inputChanged(name: String, old: JSONValue, new: JSONValue)
    case inputAdded(name: String)
    case inputRemoved(name: String)
    case toolChanged(old: String, new: String)
    case claimChanged(name: String, old: JSONValue?, new: JSONValue?)
    /// A part of a command, for example `environment.OMP_NUM_THREADS` or `code.train.py`.
    case commandChanged(part: String, old: JSONValue?, new: JSONValue?)
    case outputsChanged
    case keySchemaChanged(old: Int, new: Int)
    case forced
    /// A stage or a person needs an object that the cache has lost.
    case objectAbsent(output: String, neededBy: String)
}

extension StaleReason: CustomStringConvertible {
    /// For example `setting 'learning-rate' changed 0.001 -> 0.0001`.
    package var description: String {
        switch self {
        case .neverRan: "has not run before"
        case .resultGone: "its result is no longer in the cache"
        case .settingChanged(let name, let old, let new):
            "setting '\(name)' changed \(old.brief) -> \(new.brief)"
        case .settingAdded(let name, let new): "setting '\(name)' is new: \(new.brief)"
        case .settingRemoved(let name, let old): "setting '\(name)' is gone: it was \(old.brief)"
        case .inputChanged(let name, let old, let new): "input '\(name)' changed \(old.brief) -> \(new.brief)"
        case .inputAdded(let name): "input '\(name)' is new"
        case .inputRemoved(let name): "input '\(name)' is gone"
        case .toolChanged(let old, let new): "tool changed \(old) -> \(new)"
        case .claimChanged(let name, nil, _): "claim '\(name)' is new"
        case .claimChanged(let name, _, nil): "claim '\(name)' is gone"
        case .claimChanged(let name, let old?, let new?):
            "claim '\(name)' changed \(old.brief) -> \(new.brief)"
        case .commandChanged(let part, let old, let new):
            "\(part) changed \(old?.brief ?? "nothing") -> \(new?.brief ?? "nothing")"
        case .outputsChanged: "its outputs changed"
        case .keySchemaChanged(let old, let new): "the schema of keys changed \(old) -> \(new)"
        case .forced: "forced by hand"
        case .objectAbsent(let output, let neededBy):
            "'\(output)' is absent from the cache and \(neededBy) needs it"
        }
    }
}

extension JSONValue {
    /// For a line of text: digests shortened, long values cut.
    fileprivate var brief: String {
        if let digest { return digest.abbreviated }
        if case .array(let elements) = self, !elements.isEmpty, elements.allSatisfy({ $0.digest != nil }) {
            return "[" + elements.map(\.brief).joined(separator: ", ") + "]"
        }
        let text = if case .text(let value) = self { "'\(value)'" } else { canonicalText }
        return text.count > 120 ? text.prefix(117) + "..." : text
    }
}
