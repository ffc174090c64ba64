// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest

extension StaleReason: CustomStringConvertible {
    /// For example `setting 'learning-rate' changed 0.001 -> 0.0001`.
    package var description: String { [self].text }

    /// A text for each word, line and member that changed.
    fileprivate var texts: [String] {
        switch self {
        case .neverRan: ["has not run before"]
        case .resultGone: ["its result is no longer in the cache"]
        case .settingChanged(let name, let old, let new): changes(of: "setting '\(visible(name))'", old, new)
        case .settingAdded(let name, let new): ["setting '\(visible(name))' is new: \(ValueText(new).beginning)"]
        case .settingRemoved(let name, let old):
            ["setting '\(visible(name))' is gone: it was \(ValueText(old).beginning)"]
        case .inputChanged(let name, let old, let new): changes(of: "input '\(visible(name))'", old, new)
        case .inputAdded(let name): ["input '\(visible(name))' is new"]
        case .inputRemoved(let name): ["input '\(visible(name))' is gone"]
        case .toolChanged(let old, let new): ["tool changed \(old) -> \(new)"]
        case .claimChanged(let name, nil, _): ["claim '\(visible(name))' is new"]
        case .claimChanged(let name, _, nil): ["claim '\(visible(name))' is gone"]
        case .claimChanged(let name, let old?, let new?): changes(of: "claim '\(visible(name))'", old, new)
        case .commandChanged(let part, let old, let new): texts(of: part, old, new)
        case .outputsChanged: ["its outputs changed"]
        case .keySchemaChanged(let old, let new): ["the schema of keys changed \(old) -> \(new)"]
        case .forced: ["forced by hand"]
        case .objectAbsent(let output, let neededBy):
            ["'\(output)' is absent from the cache and \(neededBy) needs it"]
        }
    }

    private func texts(of part: CommandPart, _ old: JSONValue?, _ new: JSONValue?) -> [String] {
        switch part {
        case .arguments:
            guard let before = old?.array, let after = new?.array else { return changes(of: "the command", old, new) }
            return ValueChange.elements(from: before, to: after) { place in
                place == 0 ? "the program" : "argument \(place)"
            }.map(\.description)
        case .script: return changes(of: "the script", old?.script ?? old, new?.script ?? new)
        case .shell: return changes(of: "the shell", old, new)
        case .code(let file): return changes(of: "code '\(visible(file))'", old, new)
        case .variable(let name): return changes(of: "variable '\(visible(name))'", old, new)
        case .program(let name): return changes(of: "program '\(visible(name))'", old, new)
        case .probes: return ProbeChanges(from: old?.array ?? [], to: new?.array ?? []).texts
        case .other(let name): return changes(of: visible(name), old, new)
        }
    }

    private func changes(of subject: String, _ old: JSONValue?, _ new: JSONValue?) -> [String] {
        ValueChange.all(of: subject, from: old, to: new).map(\.description)
    }

    /// The part of a key document that the reason belongs to, as people call it; nil where it stands alone.
    fileprivate var member: String? {
        switch self {
        case .settingChanged, .settingAdded, .settingRemoved: "settings"
        case .inputChanged, .inputAdded, .inputRemoved: "inputs"
        case .claimChanged: "claims"
        case .commandChanged(let part, _, _):
            switch part {
            case .arguments: "arguments"
            case .script: "script"
            case .code: "code"
            case .variable: "variables"
            case .program: "programs"
            case .probes: "probes"
            case .shell, .other: nil
            }
        case .neverRan, .resultGone, .toolChanged, .outputsChanged, .keySchemaChanged, .forced, .objectAbsent: nil
        }
    }
}

extension Collection<StaleReason> {
    /// A line for each thing that changed; of one part of the key document the first five, and how many more there are.
    package var lines: [String] {
        var lines: [String] = []
        var rest = self[...]
        while let first = rest.first {
            let end = rest.firstIndex { $0.member != first.member || $0.member == nil } ?? rest.endIndex
            let part = first.member == nil ? rest.prefix(1) : rest[..<end]
            let texts = part.flatMap(\.texts)
            lines += texts.prefix(Self.shownCount)
            if let member = first.member, texts.count > Self.shownCount {
                let count = texts.count - Self.shownCount
                lines.append("and \(count) more change\(count == 1 ? "" : "s") of its \(member)")
            }
            rest = rest[part.endIndex...]
        }
        return lines
    }

    /// All of it on one line.
    package var text: String { lines.joined(separator: "; ") }

    private static var shownCount: Int { 5 }
}

extension JSONValue {
    /// What a shell was handed, of the list of a command's arguments.
    fileprivate var script: JSONValue? { array.flatMap { $0.count == 1 ? $0[0] : nil } }
}

/// What became of the probes of a command; those of the same words are the same probe.
private struct ProbeChanges {
    private(set) var texts: [String] = []

    init(from old: [JSONValue], to new: [JSONValue]) {
        let (before, after) = (Self.byWords(old), Self.byWords(new))
        for (words, probe) in after.sorted(by: { $0.value.place < $1.value.place }) {
            guard let earlier = before[words] else {
                texts.append("probe \(probe.name) is new")
                continue
            }
            guard earlier.output?.canonicalBytes != probe.output?.canonicalBytes else { continue }
            let changes = ValueChange.all(of: "probe \(probe.name)", from: earlier.output, to: probe.output)
            texts += changes.map(\.description)
        }
        for (_, probe) in before.filter({ after[$0.key] == nil }).sorted(by: { $0.value.place < $1.value.place }) {
            texts.append("probe \(probe.name) is gone")
        }
        if texts.isEmpty { texts = ["the order of its probes changed"] }
    }

    private struct Words: Hashable {
        let run: [UInt8]
        /// Which it is of several with the same words.
        let number: Int
    }

    private struct Probe {
        let name: String
        let output: JSONValue?
        let place: Int
    }

    private static func byWords(_ probes: [JSONValue]) -> [Words: Probe] {
        var counts: [[UInt8]: Int] = [:]
        var found: [Words: Probe] = [:]
        for (place, probe) in probes.enumerated() {
            let run = probe["run"]?.canonicalBytes ?? []
            let name = quoted((probe["run"]?.array ?? []).compactMap(\.text).joined(separator: " "))
            found[Words(run: run, number: counts[run, default: 0])] = Probe(
                name: name, output: probe["output"], place: place)
            counts[run, default: 0] += 1
        }
        return found
    }
}
