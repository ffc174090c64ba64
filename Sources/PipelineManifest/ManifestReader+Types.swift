// SPDX-License-Identifier: Apache-2.0

/// Values of the types that tools ask for.
extension ManifestReader {
    /// What stands under a key, as a value of `type`; `subject` is what takes it, as a message names it.
    mutating func typedValue(of entry: YAMLEntry, _ type: SettingType, _ subject: String) -> SettingValue? {
        if entry.value.isEmpty {
            wrongType(entry, subject, takes: type.description)
            return nil
        }
        return typedValue(of: entry.value, type, subject)
    }

    private mutating func typedValue(of node: YAMLNode, _ type: SettingType, _ subject: String) -> SettingValue? {
        let meant = resolved(node)
        switch (meant.content, type) {
        case (.list(let elements), .list(let elementType, let minimum)):
            let values = elements.map { typedValue(of: $0, elementType, "each element of \(subject)") }
            guard elements.count >= minimum else {
                mistakes.add(
                    .wrongValue, at: meant.location, "\(subject) takes \(type), not a list of \(elements.count)")
                return nil
            }
            return values.contains(nil) ? nil : .list(values.compactMap { $0 })
        case (.map(let entries), .item(let type)): return item(of: meant, entries, type, subject)
        default: return wordValue(of: node, type, subject)
        }
    }

    /// The node itself, or the list or mapping under the manifest's settings that it refers to.
    func resolved(_ node: YAMLNode) -> YAMLNode {
        guard case .scalar(let written, _) = node.content, let name = Template(written).onlyReference else {
            return node
        }
        return scope.compounds[name] ?? compoundSettings[name] ?? node
    }

    /// The value of a node that must be a word.
    private mutating func wordValue(of node: YAMLNode, _ type: SettingType, _ subject: String) -> SettingValue? {
        guard case .scalar(let written, let isPlain) = node.content else {
            wrongType(node, subject, takes: type.description)
            return nil
        }
        guard let found = scalarValue(of: node, written, isPlain: isPlain) else { return nil }
        if case .item(let type) = type, case .text(let word) = found.value, let kind = type.kind(named: word) {
            return item(kind, at: node.location)
        }
        return conforming(found.value, type, subject, at: node, found.details)
    }

    /// The value of a word with its `${name}` resolved, and where they came from.
    mutating func scalarValue(
        of node: YAMLNode, _ written: String, isPlain: Bool
    ) -> (value: SettingValue, details: [String])? {
        let template = Template(written)
        if let name = template.onlyReference {
            guard let setting = setting(name, in: node) else { return nil }
            return (setting.value, [origin(of: setting, seenFrom: node.location)])
        }
        if template.references.isEmpty, !template.isUnclosed {
            return scalar(Template.literal(template), isPlain: isPlain, at: node.location).map { ($0, []) }
        }
        return joined(template, in: node).map { (.text($0), []) }
    }

    private func origin(of setting: Setting, seenFrom place: SourceLocation) -> String {
        let place = setting.isOverridden ? "by --set" : "at \(line(of: setting.name.location, seenFrom: place))"
        return "${\(setting.name.value)} is \(setting.value.descriptionWithType), set \(place)"
    }

    /// The value in the type's own form; a told mistake where it does not conform.
    private mutating func conforming(
        _ value: SettingValue, _ type: SettingType, _ subject: String, at node: YAMLNode, _ details: [String]
    ) -> SettingValue? {
        switch type.conforming(value) {
        case .success(let value): return value
        case .failure(let fault):
            mistakes.add(
                fault.isOfType ? .wrongType : .wrongValue, at: node.location,
                "\(subject) takes \(type), not \(value.descriptionWithType)", details: details,
                hint: hint(for: value, type))
            return nil
        }
    }

    private func hint(for value: SettingValue, _ type: SettingType) -> String? {
        switch (type, value) {
        case (.text, .boolean), (.text, .integer), (.text, .number): "put it in quotes to make it text"
        case (.choice(let words), .text(let word)): suggestion(for: word, among: words)
        case (.item(let type), .text(let word)): kindHint(for: word, type)
        case (.boolean, .text(let word)):
            switch word.lowercased() {
            case "yes", "on", "y": "write true"
            case "no", "off", "n": "write false"
            default: nil
            }
        case (.integer, .text(let word)), (.number, .text(let word)), (.integerChoice, .text(let word)):
            if case .value(.text) = PlainScalar(word) { nil } else { "write the number without quotes" }
        default: nil
        }
    }
}

extension SettingType {
    struct Fault: Error, Hashable {
        /// Whether the value is of another type, not only outside the limits.
        let isOfType: Bool
    }

    /// The value of a word in the type's own form: an integer where a number is asked for becomes one.
    func conforming(_ value: SettingValue) -> Result<SettingValue, Fault> {
        let outside = Result<SettingValue, Fault>.failure(Fault(isOfType: false))
        switch (self, value) {
        case (.boolean, .boolean), (.text, .text): return .success(value)
        case (.integer(let range), .integer(let integer)): return range.contains(integer) ? .success(value) : outside
        case (.integerChoice(let integers), .integer(let integer)):
            return integers.contains(integer) ? .success(value) : outside
        case (.number(let range), .number(let number)): return range.contains(number) ? .success(value) : outside
        case (.number(let range), .integer(let integer)):
            return range.contains(Double(integer)) ? .success(.number(Double(integer))) : outside
        case (.choice(let words), .text(let word)): return words.contains(word) ? .success(value) : outside
        default: return .failure(Fault(isOfType: true))
        }
    }
}
