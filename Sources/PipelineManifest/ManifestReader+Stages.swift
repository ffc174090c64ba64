// SPDX-License-Identifier: Apache-2.0

/// The keys of a stage, by the kind of stage that has them.
enum StageKeys {
    static let tool = ["tool", "inputs", "settings"] + limits
    static let command =
        [
            "run", "shell", "interpreter", "inputs", "outputs", "code", "programs", "environment", "secrets", "probe",
            "resume", "learns",
        ] + limits
    /// What a stage takes of the machine, and how it is tried.
    static let limits = ["resources", "retries", "timeout"]
    /// What a stage does is under exactly one of these.
    static let work = ["tool", "run", "shell"]
    static let all =
        work + ["inputs", "settings"] + command.filter { !tool.contains($0) && !work.contains($0) } + limits
}

/// Reading stages.
extension ManifestReader {
    mutating func stages(of fields: Fields, sources: [String: SourceLocation]) -> [Stage] {
        guard let all = required("stages", in: fields) else { return [] }
        let entries = uniqueEntries(of: all, "'stages'", kind: "stage", .producedTwice)
        if entries.isEmpty, isEmptyMap(all.value) {
            mistakes.add(.missingKey, at: all.key.location, "a manifest needs at least one stage")
        }
        return entries.compactMap { entry in
            if let source = sources[entry.key.value] {
                mistakes.add(
                    .producedTwice, at: entry.key.location,
                    "stage \(quoted(entry.key.value)) has the name of the source at line \(source.line)")
            }
            return stage(entry)
        }
    }

    private func isEmptyMap(_ node: YAMLNode) -> Bool {
        switch node.content {
        case .map(let entries): entries.isEmpty
        default: node.isEmpty
        }
    }

    private mutating func stage(_ entry: YAMLEntry) -> Stage? {
        let isNamed = isName(entry.key, of: "a stage")
        let owner = "stage \(quoted(entry.key.value))"
        guard let fields = fields(of: entry, owner, at: entry.key.location, keys: StageKeys.all) else { return nil }
        let works = StageKeys.work.compactMap { fields[$0] }.sorted { $0.key.location < $1.key.location }
        guard let work = works.first else {
            if fields.meant.isDisjoint(with: StageKeys.work) {
                mistakes.add(
                    .missingKey, at: entry.key.location, "\(owner) needs 'tool' or 'run'",
                    hint: "'tool' names a tool of Reprise, 'run' a command; 'reprise tools' lists the tools")
            }
            return nil
        }
        for other in works.dropFirst() {
            mistakes.add(
                .wrongValue, at: other.key.location,
                "\(owner) has both \(quoted(work.key.value)) and \(quoted(other.key.value))",
                hint: "make two stages of it")
        }
        guard works.count == 1 else { return nil }
        let stage =
            work.key.value == "tool"
            ? toolStage(entry.key, work, fields) : commandStage(entry.key, work, fields)
        return isNamed ? stage : nil
    }

    /// Tells keys that belong to the other kind of stage.
    mutating func refuse(_ keys: [String], in fields: Fields, beside work: YAMLEntry, hint: String) {
        for key in keys {
            guard let entry = fields[key] else { continue }
            mistakes.add(
                .unknownKey, at: entry.key.location,
                "\(fields.owner) has \(quoted(work.key.value)) and so cannot have \(quoted(key))", hint: hint)
        }
    }

    /// The references under one name of `inputs`.
    mutating func references(of node: YAMLNode, _ subject: String) -> [Located<ArtifactReference>]? {
        switch node.content {
        case .list(let elements):
            if elements.isEmpty {
                mistakes.add(.wrongValue, at: node.location, "\(subject) takes at least one reference")
                return nil
            }
            let all = elements.map { reference(of: $0, subject) }
            return all.contains(nil) ? nil : all.compactMap { $0 }
        default: return reference(of: node, subject).map { [$0] }
        }
    }

    private mutating func reference(of node: YAMLNode, _ subject: String) -> Located<ArtifactReference>? {
        guard case .scalar(let written, _) = node.content else {
            wrongType(node, subject, takes: "the name of a source or a stage")
            return nil
        }
        let parts = written.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy(Self.isName), let producer = parts.first else {
            mistakes.add(
                .wrongValue, at: node.location, "\(quoted(written)) names no source and no stage",
                hint: "write the name of a source or a stage, or 'stage/output'")
            return nil
        }
        return Located(
            ArtifactReference(producer: producer, output: parts.count == 2 ? parts[1] : nil), at: node.location)
    }
}
