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
    case commandChanged(part: CommandPart, old: JSONValue?, new: JSONValue?)
    case outputsChanged
    case keySchemaChanged(old: Int, new: Int)
    case forced
    /// A stage or a person needs an object that the cache has lost.
    case objectAbsent(output: String, neededBy: String)
}

/// A part of a command's key document.
package enum CommandPart: Hashable, Sendable {
    /// The program and its words.
    case arguments
    /// What a shell is handed in their place.
    case script
    case shell
    case code(file: String)
    case variable(String)
    case program(String)
    case probes
    /// A part that only another version of Reprise writes.
    case other(String)

    /// Its path in the document, for example `environment.OMP_NUM_THREADS` or `code.train.py`.
    package var path: String {
        switch self {
        case .arguments, .script: "arguments"
        case .shell: "shell"
        case .code(let file): "code.\(file)"
        case .variable(let name): "environment.\(name)"
        case .program(let name): "programs.\(name)"
        case .probes: "probes"
        case .other(let name): name
        }
    }
}
