// SPDX-License-Identifier: Apache-2.0

/// Reading what stands under `inputs`: names of sources, stages and outputs, and names for several stages at once.
extension ManifestReader {
    /// All references of a manifest together stand for no more artifacts.
    private static let maximumReferenceCount = 2_000_000

    /// The references under one name of `inputs`, those to several stages taken apart.
    ///
    mutating func references(
        of node: YAMLNode, _ subject: String, takes count: ReferenceCount
    ) -> [Located<ArtifactReference>]? {
        switch node.content {
        case .list(let elements):
            if elements.isEmpty {
                mistakes.add(.wrongValue, at: node.location, "\(subject) takes at least one reference")
                return nil
            }
            var all: [Located<ArtifactReference>]? = []
            for element in elements {
                if let some = meant(by: element, subject, takes: count) {
                    all?.append(contentsOf: some)
                } else {
                    all = nil
                }
            }
            return all
        default: return meant(by: node, subject, takes: count)
        }
    }

    /// Whether an input of a command takes several artifacts: where it is a list or a pattern.
    func isListOfReferences(_ node: YAMLNode) -> Bool {
        switch node.content {
        case .list: true
        case .scalar(let written, _): FilePattern.isPattern(written)
        default: false
        }
    }

    private struct Written {
        let producer: String
        /// What follows `@`: one instance, or a pattern for several.
        let label: String?
        let output: String?

        /// `train@scale=2/model` cut at its marks; nil where it cannot name anything.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, let first = parts.first else { return nil }
            let names = first.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            producer = names[0]
            label = names.count == 2 ? StageLabel.sorted(names[1]) : nil
            output = parts.count == 2 ? parts[1] : nil
            let marks = [UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "*"), UInt8(ascii: "?")]
            let isLabel = label?.utf8.allSatisfy { ManifestReader.isOfLabel($0) || marks.contains($0) } ?? true
            guard ManifestReader.isName(producer), isLabel, label?.isEmpty != true,
                output.map(ManifestReader.isName) ?? true
            else { return nil }
        }
    }

    private mutating func meant(
        by node: YAMLNode, _ subject: String, takes count: ReferenceCount
    ) -> [Located<ArtifactReference>]? {
        guard case .scalar(let text, _) = node.content else {
            wrongType(node, subject, takes: "the name of a source or a stage")
            return nil
        }
        guard let resolved = text.utf8.contains(UInt8(ascii: "$")) ? joined(Template(text), in: node) : text else {
            return nil
        }
        guard let written = Written(resolved) else {
            mistakes.add(
                .wrongValue, at: node.location, "\(quoted(resolved)) names no source and no stage",
                hint: "write the name of a source or a stage, or 'stage/output'")
            return nil
        }
        guard let producers = producers(written, subject, at: node, takes: count) else { return nil }
        expandedReferenceCount += producers.count
        guard expandedReferenceCount <= Self.maximumReferenceCount else {
            mistakes.add(
                .wrongValue, at: node.location,
                "the references up to here stand for more than \(Self.maximumReferenceCount) artifacts")
            return nil
        }
        return producers.map {
            Located(ArtifactReference(producer: $0, output: written.output), at: node.location)
        }
    }

    /// The names of the sources and stages that a reference means.
    private mutating func producers(
        _ written: Written, _ subject: String, at node: YAMLNode, takes count: ReferenceCount
    ) -> [String]? {
        guard let group = groups[written.producer] else {
            guard let label = written.label else { return [written.producer] }
            if !FilePattern.isPattern(label) { return ["\(written.producer)@\(label)"] }
            noInstances(written, label, at: node)
            return nil
        }
        // What was to be referred to is not known, which has been told.
        if group.isUnknown { return ["\(group.name)@"] }
        guard let label = written.label else { return instances(of: group, subject, at: node, takes: count) }
        guard FilePattern.isPattern(label) else {
            return [group.instance(labelled: label) ?? "\(group.name)@\(label)"]
        }
        guard count == .several else {
            mistakes.add(
                .wrongType, at: node.location,
                "\(subject) takes one reference, and \(quoted("\(group.name)@\(label)")) is a pattern for several",
                hint: hint(toNameOneOf: group))
            return nil
        }
        let fitting = group.instances(fitting: label)
        if fitting.isEmpty {
            mistakes.add(
                .unresolvedReference, at: node.location, "no stage fits \(quoted("\(group.name)@\(label)"))",
                hint: hint(toNameOneOf: group))
            return nil
        }
        return fitting
    }

    private mutating func noInstances(_ written: Written, _ label: String, at node: YAMLNode) {
        guard !lacksFile else { return }
        mistakes.add(
            .unresolvedReference, at: node.location,
            "no stage fits \(quoted("\(written.producer)@\(label)")): nothing called \(quoted(written.producer)) has "
                + "'foreach' or 'matrix'",
            hint: suggestion(for: written.producer, among: groups.keys.sorted()))
    }

    /// What the name of a whole group means: the instance that goes with the stage that is read, or all.
    private mutating func instances(
        of group: InstanceIndex, _ subject: String, at node: YAMLNode, takes count: ReferenceCount
    ) -> [String]? {
        if let label = counterpart(in: group) {
            if let name = group.instance(labelled: label) { return [name] }
            mistakes.add(
                .unresolvedReference, at: node.location,
                "\(quoted(group.name)) means \(quoted("\(group.name)@\(label)")) here, and there is no such stage",
                hint: "'\(group.name)@*' means all of them; \(hint(toNameOneOf: group))")
            return nil
        }
        if count == .several { return group.instances.map(\.name) }
        mistakes.add(
            .wrongType, at: node.location,
            "\(subject) takes one reference, and \(quoted(group.name)) is \(group.instances.count) stages",
            hint: (count == .oneUnlessListed ? "write '[\(group.name)]' for all of them; " : "")
                + hint(toNameOneOf: group))
        return nil
    }

    /// The label of the group's instance that has the values of the stage that is read; nil where that has not all of
    /// the group's variables.
    private func counterpart(in group: InstanceIndex) -> String? {
        guard let instance, let wanted = group.instances.first?.group else { return nil }
        let isElement = { (values: [(name: String, value: SettingValue)]) in values.first?.name == "item" }
        if isElement(wanted.values) { return isElement(instance.group.values) ? String(instance.label) : nil }
        var parts: [String] = []
        for (name, _) in wanted.values {
            guard let own = instance.group.values.first(where: { $0.name == name }),
                let label = Self.label(of: own.value)
            else { return nil }
            parts.append("\(name)=\(label)")
        }
        return parts.joined(separator: ",")
    }

    private func hint(toNameOneOf group: InstanceIndex) -> String {
        let shown = group.instances.prefix(3).map { quoted($0.name) }
        let count = group.instances.count
        return count > shown.count
            ? "it has \(count) stages, such as \(shown.joined(separator: ", "))"
            : "its stage\(count > 1 ? "s are" : " is") \(listed(shown))"
    }
}

/// How many artifacts an input takes.
enum ReferenceCount {
    case one
    /// One as it is written, and several where it is written as a list.
    case oneUnlessListed
    case several
}
