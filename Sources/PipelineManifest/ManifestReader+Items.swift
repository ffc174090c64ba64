// SPDX-License-Identifier: Apache-2.0

/// Elements of lists that are of one of several kinds.
extension ManifestReader {
    /// The item that a mapping is, of the kind that one of its keys names; `subject` is what takes it.
    mutating func item(
        of node: YAMLNode, _ entries: [YAMLEntry], _ type: ItemType, _ subject: String
    ) -> SettingValue? {
        let named = entries.filter { type.kind(named: $0.key.value) != nil }
        guard let first = named.first, let kind = type.kind(named: first.key.value) else {
            noKind(node, entries, type, subject)
            return nil
        }
        let others = named.filter { $0.key.value != kind.name }
        for other in others {
            mistakes.add(
                .wrongValue, at: other.key.location,
                "\(subject) is of one kind, and this is both \(quoted(kind.name)) and \(quoted(other.key.value))",
                hint: "make two elements of it")
        }
        let keys = [kind.name] + kind.fields.map(\.name)
        guard others.isEmpty,
            let fields = fields(of: node, quoted(kind.name), at: first.key.location, keys: keys)
        else { return nil }
        return item(kind, fields)
    }

    /// The item that the name of a kind is by itself.
    mutating func item(_ kind: ItemType.Kind, at location: SourceLocation) -> SettingValue? {
        item(kind, Fields(owner: quoted(kind.name), place: location))
    }

    /// What was probably meant by a word that names no kind.
    func kindHint(for word: String, _ type: ItemType) -> String? {
        if let near = suggestion(for: word, among: type.kinds.map(\.name)) { return near }
        let owners = type.kinds.filter { $0.fields.contains { $0.name == word } }
        if !owners.isEmpty {
            return "\(quoted(word)) is a field of \(listed(owners.map { quoted($0.name) }))"
        }
        return type.namesAllKinds ? nil : "the kinds are \(listed(type.kinds.map { quoted($0.name) }))"
    }

    private mutating func item(_ kind: ItemType.Kind, _ fields: Fields) -> SettingValue? {
        var members: [String: SettingValue] = [:]
        members[kind.name] = ownValue(of: kind, in: fields)
        var isComplete = members[kind.name] != nil
        for field in kind.fields {
            if let entry = fields[field.name] {
                members[field.name] = typedValue(of: entry, field.type, "\(quoted(field.name)) of \(fields.owner)")
                isComplete = isComplete && members[field.name] != nil
            } else if field.presence == .required {
                missing(field.name, in: fields, hint: "\(field.name): \(field.summary); \(field.type)")
                isComplete = false
            }
        }
        return isComplete ? .map(members) : nil
    }

    /// What stands under the kind's name, or `true` where the kind has no value.
    private mutating func ownValue(of kind: ItemType.Kind, in fields: Fields) -> SettingValue? {
        switch (kind.value, fields[kind.name]) {
        case (let type?, let entry?): return typedValue(of: entry, type, fields.owner)
        case (let type?, nil):
            mistakes.add(
                .wrongType, at: fields.place, "\(fields.owner) takes \(type), but has no value",
                hint: "write it as a mapping, '\(kind.name): …'")
            return nil
        case (nil, nil): return .boolean(true)
        case (nil, let entry?):
            if case .scalar(let word, true) = entry.value.content, PlainScalar(word) == .value(.boolean(true)) {
                return .boolean(true)
            }
            let alone = "it has no value of its own: write \(quoted(kind.name)) alone"
            wrongType(
                entry, fields.owner, takes: "true",
                hint: kind.fields.isEmpty ? alone : "\(alone), or '\(kind.name): true' beside its fields")
            return nil
        }
    }

    /// Tells of a mapping none of whose keys is a kind, at the key that was probably meant to be one.
    private mutating func noKind(_ node: YAMLNode, _ entries: [YAMLEntry], _ type: ItemType, _ subject: String) {
        let fields = Set(type.kinds.flatMap(\.fields).map(\.name))
        let kinds = type.kinds.map(\.name)
        let strange = entries.filter { !fields.contains($0.key.value) }
        let near = strange.first { nearest(to: $0.key.value, among: kinds) != nil }
        guard let blamed = near ?? strange.first ?? entries.first else {
            mistakes.add(.wrongValue, at: node.location, "\(subject) takes \(type), not an empty mapping")
            return
        }
        mistakes.add(
            .unknownKey, at: blamed.key.location, "\(subject) takes \(type), not \(quoted(blamed.key.value))",
            hint: kindHint(for: blamed.key.value, type))
    }
}
