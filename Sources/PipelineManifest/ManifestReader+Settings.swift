// SPDX-License-Identifier: Apache-2.0

/// The manifest's own settings, `--set`, and values of a given type.
extension ManifestReader {
    /// No manifest's settings stand for more than this, in bytes of text and elements of lists.
    private static let maximumWeight = 1 << 22

    /// Reads `settings:`, lets the overrides replace its values, and remembers them for `${name}`.
    ///
    /// Each is read after those it refers to, so that what `--set` changes flows into what refers to it.
    mutating func settings(of sections: [Fields], overrides: [(name: String, value: String)]) -> [Setting] {
        let entries = uniqueEntries(
            of: sections.map { $0["settings"] }, "'settings'", kind: "setting", .duplicateKey)
        let names = entries.map(\.key.value)
        let given = Dictionary(grouping: overrides, by: \.name)
        let order = SettingOrder(entries)
        for name in names { settings[name] = .some(nil) }
        for ring in order.rings { tell(ring, entries) }
        var room = Self.maximumWeight
        for position in order.sorted {
            let entry = entries[position]
            let setting = self.setting(entry, &room)
            settings[entry.key.value] = .some(setting)
            for (name, value) in given[entry.key.value] ?? [] { apply(name, value) }
            switch setting?.value {
            case .list?, .map?: compoundSettings[entry.key.value] = resolved(entry.value)
            default: break
            }
        }
        for (name, value) in overrides where settings[name] == nil { tellUnknown(name, value, names) }
        return names.compactMap { settings[$0] ?? nil }
    }

    private mutating func setting(_ entry: YAMLEntry, _ room: inout Int) -> Setting? {
        let isNamed = isSettingName(entry.key)
        guard let value = settingValue(of: entry) else { return nil }
        guard room >= 0 else { return nil }
        guard value.isWithin(depth: YAMLReader.maximumDepth) else {
            mistakes.add(
                .wrongValue, at: entry.value.location,
                "with what setting \(quoted(entry.key.value)) refers to, lists and mappings lie more than "
                    + "\(YAMLReader.maximumDepth) deep")
            return nil
        }
        room -= value.weight(upTo: room)
        if room < 0 {
            mistakes.add(
                .wrongValue, at: entry.value.location,
                "with setting \(quoted(entry.key.value)) the settings stand for more than "
                    + "\(Self.maximumWeight) characters and elements")
            return nil
        }
        return isNamed ? Setting(name: entry.key, value: value, isOverridden: false) : nil
    }

    private mutating func tell(_ ring: [Int], _ entries: [YAMLEntry]) {
        let names = ring.map { entries[$0].key.value }
        let words = (names + names.prefix(1)).map { quoted($0) }.joined(separator: " refers to ")
        let wanted = names.count > 1 ? names[1] : names[0]
        mistakes.add(
            .cycle, at: place(of: wanted, in: entries[ring[0]].value) ?? entries[ring[0]].value.location,
            "setting \(quoted(names[0])) refers to itself: \(words)")
    }

    /// Where a value refers to a setting, however deep in it that stands.
    private func place(of name: String, in node: YAMLNode) -> SourceLocation? {
        switch node.content {
        case .scalar(let written, _):
            Template(written).references.contains(name) ? location(of: name, in: node) : nil
        case .list(let elements): elements.lazy.compactMap { self.place(of: name, in: $0) }.first
        case .map(let entries): entries.lazy.compactMap { self.place(of: name, in: $0.value) }.first
        case .empty, .refused: nil
        }
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

    /// A value of any type, with its references resolved.
    mutating func literal(of node: YAMLNode, _ subject: String) -> SettingValue? {
        switch node.content {
        case .refused: return nil
        case .empty:
            wrongType(node, "each element of \(subject)", takes: "a value")
            return nil
        case .scalar(let written, let isPlain):
            return scalarValue(of: node, written, isPlain: isPlain)?.value
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

    private mutating func tellUnknown(_ name: String, _ written: String, _ names: [String]) {
        guard !lacksFile else { return }
        mistakes.add(
            .unknownSetting, at: SourceLocation(line: 1, column: 1, length: name.count),
            in: Self.line(name, written), "\(files[0].source.file) has no setting \(quoted(name))",
            hint: suggestion(for: name, among: names)
                ?? (names.isEmpty
                    ? "--set changes what stands under the manifest's 'settings', and there is nothing"
                    : "its settings are \(listed(names.map { quoted($0) }))"))
    }

    private mutating func apply(_ name: String, _ written: String) {
        guard let setting = settings[name] ?? nil else { return }
        let location = SourceLocation(line: 1, column: name.count + 2, length: written.count)
        switch overriding(setting.value, by: written) {
        case .value(let value):
            settings[name] = Setting(name: setting.name, value: value, isOverridden: true)
        case .refused(let reason, let hint):
            mistakes.add(.wrongType, at: location, in: Self.line(name, written), reason, hint: hint)
            settings[name] = .some(nil)
        }
    }

    private static func line(_ name: String, _ written: String) -> SourceText {
        SourceText(file: "--set", text: "\(name)=\(written)")
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

extension SettingValue {
    /// Whether lists and mappings lie no deeper than this.
    fileprivate func isWithin(depth: Int) -> Bool {
        switch self {
        case .boolean, .integer, .number, .text: true
        case .list(let elements): depth > 0 && elements.allSatisfy { $0.isWithin(depth: depth - 1) }
        case .map(let members): depth > 0 && members.values.allSatisfy { $0.isWithin(depth: depth - 1) }
        }
    }

    /// How many bytes of text and elements the value stands for, counted until they are more than `limit`.
    fileprivate func weight(upTo limit: Int) -> Int {
        var weight = 1
        switch self {
        case .boolean, .integer, .number: break
        case .text(let text): weight += text.utf8.count
        case .list(let elements):
            for element in elements where weight <= limit { weight += element.weight(upTo: limit - weight) }
        case .map(let members):
            for (name, member) in members where weight <= limit {
                weight += name.utf8.count + member.weight(upTo: limit - weight)
            }
        }
        return weight
    }
}
