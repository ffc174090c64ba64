// SPDX-License-Identifier: Apache-2.0

/// Reading stages.
extension ManifestReader {
    /// All instances of a manifest's stages together are no longer than this, in bytes as they are written.
    private static let maximumInstancesWeight = 1 << 28

    mutating func stages(of sections: [Fields], sources: [String: SourceLocation]) -> [Stage] {
        let given = sections.compactMap { $0["stages"] }
        guard let first = given.first else {
            if !lacksFile { missing("stages", in: sections[0]) }
            return []
        }
        let entries = uniqueEntries(of: given, "'stages'", kind: "stage", .producedTwice)
        if entries.isEmpty, given.allSatisfy({ isEmptyMap($0.value) }), !lacksFile {
            mistakes.add(.missingKey, at: first.key.location, "a manifest needs at least one stage")
        }
        // All instances are known before the first stage is read, so that any can refer to any other.
        let declarations = entries.compactMap { declaration($0, sources) }
        var stages: [Stage] = []
        for declaration in declarations {
            switch declaration.instances {
            case .single: if let stage = stage(declaration, named: declaration.key.value) { stages.append(stage) }
            case .several(let instances): stages += self.stages(declaration, instances)
            }
        }
        return stages
    }

    private mutating func declaration(_ entry: YAMLEntry, _ sources: [String: SourceLocation]) -> StageDeclaration? {
        if let source = sources[entry.key.value] {
            mistakes.add(
                .producedTwice, at: entry.key.location,
                "stage \(quoted(entry.key.value)) has the name of the source at "
                    + line(of: source, seenFrom: entry.key.location))
        }
        let isNamed = isName(entry.key, of: "a stage")
        let owner = "stage \(quoted(entry.key.value))"
        let fields = fields(of: entry, owner, at: entry.key.location, keys: StageKeys.all)
        guard let fields else { return nil }
        var instances = instances(of: fields, entry.key)
        if case .several(let all) = instances, !hasRoom(for: all.count, of: entry.value, at: entry.key, owner) {
            instances = .several([])
        }
        if case .several(let all) = instances {
            groups[entry.key.value] = InstanceIndex(entry.key.value, isNamed ? all : [])
        }
        return StageDeclaration(key: entry.key, fields: fields, instances: instances)
    }

    /// One stage for each instance; what is wrong in all of them is told once.
    private mutating func stages(_ declaration: StageDeclaration, _ instances: [StageInstance]) -> [Stage] {
        var stages: [Stage] = []
        for instance in instances {
            scope = instance.scope
            self.instance = instance
            mistakes.beginInstance(instance.name, of: instances.count)
            if let stage = stage(declaration, named: instance.name, of: instance.group) { stages.append(stage) }
        }
        scope = .none
        instance = nil
        mistakes.endInstances()
        return stages
    }

    /// Tells instances that would be more than memory holds.
    private mutating func hasRoom(
        for count: Int, of body: YAMLNode, at key: Located<String>, _ owner: String
    ) -> Bool {
        let weight = body.weight
        instancesWeight += weight * count
        guard instancesWeight > Self.maximumInstancesWeight else { return true }
        mistakes.add(
            .wrongValue, at: key.location,
            "with the \(count) stages of \(owner), each of \(weight) characters, all instances are longer than "
                + "\(Self.maximumInstancesWeight)")
        return false
    }

    private func isEmptyMap(_ node: YAMLNode) -> Bool {
        switch node.content {
        case .map(let entries): entries.isEmpty
        default: node.isEmpty
        }
    }

    private mutating func stage(
        _ declaration: StageDeclaration, named name: String, of group: StageGroup? = nil
    ) -> Stage? {
        let (key, fields) = (declaration.key, declaration.fields)
        let owner = fields.owner
        let works = StageKeys.work.compactMap { fields[$0] }.sorted { $0.key.location < $1.key.location }
        guard let work = works.first else {
            if fields.meant.isDisjoint(with: StageKeys.work) {
                mistakes.add(
                    .missingKey, at: key.location, "\(owner) needs 'tool' or 'run'",
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
        let located = Located(name, at: key.location)
        let stage =
            work.key.value == "tool"
            ? toolStage(located, work, fields, group) : commandStage(located, work, fields, group)
        return Self.isName(key.value) ? stage : nil
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
}
