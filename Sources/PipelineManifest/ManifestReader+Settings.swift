// SPDX-License-Identifier: Apache-2.0

/// The manifest's own settings, `--set`, and values of a given type.
extension ManifestReader {
    /// Reads `settings:`, lets the overrides replace its values, and remembers them for `${name}`.
    mutating func settings(of fields: Fields, overrides: [(name: String, value: String)]) -> [Setting] {
        var names: [String] = []
        for entry in uniqueEntries(of: fields["settings"], "'settings'", kind: "setting", .duplicateKey) {
            let isNamed = isSettingName(entry.key)
            let value = settingValue(of: entry)
            names.append(entry.key.value)
            switch value {
            case .list?, .map?: compoundSettings[entry.key.value] = entry.value
            default: break
            }
            settings[entry.key.value] = .some(
                isNamed ? value.map { Setting(name: entry.key, value: $0, isOverridden: false) } : nil)
        }
        for override in overrides { apply(override.name, override.value, names: names) }
        return names.compactMap { settings[$0] ?? nil }
    }

    private mutating func isSettingName(_ name: Located<String>) -> Bool {
        guard isName(name, of: "a setting") else { return false }
        guard !name.value.hasPrefix("inputs."), !name.value.hasPrefix("outputs.") else {
            mistakes.add(
                .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of a setting",
                hint: "in commands ${inputs.…} and ${outputs.…} stand for paths")
            return false
        }
        return true
    }

    private mutating func settingValue(of entry: YAMLEntry) -> SettingValue? {
        if entry.value.isEmpty {
            mistakes.add(.wrongType, at: entry.key.location, "setting \(quoted(entry.key.value)) has no value")
            return nil
        }
        return literal(of: entry.value, "setting \(quoted(entry.key.value))")
    }

    /// A value that refers to no setting.
    private mutating func literal(of node: YAMLNode, _ subject: String) -> SettingValue? {
        switch node.content {
        case .refused: return nil
        case .empty:
            wrongType(node, "each element of \(subject)", takes: "a value")
            return nil
        case .scalar(let written, let isPlain):
            let template = Template(written)
            if template.isUnclosed || !template.references.isEmpty {
                mistakes.add(
                    .wrongValue, at: node.location, "\(subject) holds '${', and settings cannot refer to settings",
                    hint: "write '$${' for the two characters themselves")
                return nil
            }
            return scalar(Template.literal(template), isPlain: isPlain, at: node.location)
        case .list(let elements):
            let values = elements.map { literal(of: $0, subject) }
            return values.contains(nil) ? nil : .list(values.compactMap { $0 })
        case .map(let entries):
            var values: [String: SettingValue] = [:]
            var isComplete = true
            for entry in entries {
                if values[entry.key.value] != nil {
                    mistakes.add(
                        .duplicateKey, at: entry.key.location,
                        "key \(quoted(entry.key.value)) of \(subject) is given twice")
                    isComplete = false
                }
                let value = literal(of: entry.value, subject)
                isComplete = isComplete && value != nil
                values[entry.key.value] = value
            }
            return isComplete ? .map(values) : nil
        }
    }

    /// The value of a word: quoted it is text, plain it may be a number or a truth value.
    mutating func scalar(_ word: String, isPlain: Bool, at location: SourceLocation) -> SettingValue? {
        guard isPlain else { return .text(word) }
        switch PlainScalar(word) {
        case .value(let value): return value
        case .refused(let reason, let hint):
            mistakes.add(.wrongValue, at: location, reason, hint: hint)
            return nil
        }
    }

    // MARK: --set

    private mutating func apply(_ name: String, _ written: String, names: [String]) {
        let line = SourceText(file: "--set", text: "\(name)=\(written)")
        guard let known = settings[name] else {
            mistakes.add(
                .unknownSetting, at: SourceLocation(line: 1, column: 1, length: name.count), in: line,
                "\(source.file) has no setting \(quoted(name))",
                hint: suggestion(for: name, among: names)
                    ?? (names.isEmpty
                        ? "--set changes what stands under the manifest's 'settings', and there is nothing"
                        : "its settings are \(listed(names.map { quoted($0) }))"))
            return
        }
        guard let setting = known else { return }
        let location = SourceLocation(line: 1, column: name.count + 2, length: written.count)
        switch overriding(setting.value, by: written) {
        case .value(let value):
            settings[name] = Setting(name: setting.name, value: value, isOverridden: true)
        case .refused(let reason, let hint):
            mistakes.add(.wrongType, at: location, in: line, reason, hint: hint)
            settings[name] = .some(nil)
        }
    }

    /// The new value in the type of the old one.
    private func overriding(_ old: SettingValue, by written: String) -> PlainScalar {
        let new: SettingValue
        switch (old, PlainScalar(written)) {
        case (.text, _): return .value(.text(written))
        case (.list, _), (.map, _):
            return .refused(
                reason: "a setting that is \(old.descriptionWithType) cannot be changed by --set",
                hint: "change it in the manifest")
        case (_, .refused(let reason, _)):
            return .refused(reason: reason, hint: "the setting is \(old) in the manifest")
        case (_, .value(let value)): new = value
        }
        switch (old, new) {
        case (.boolean, .boolean), (.integer, .integer), (.number, .number): return .value(new)
        case (.number, .integer(let integer)): return .value(.number(Double(integer)))
        default:
            let type: SettingType =
                switch old {
                case .boolean: .boolean
                case .integer: .integer(Int.min...Int.max)
                default: .number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
                }
            return .refused(
                reason: "this setting takes \(type), not \(new.descriptionWithType)",
                hint: "it is \(old) in the manifest, and --set keeps the type")
        }
    }
}
