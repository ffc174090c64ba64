// SPDX-License-Identifier: Apache-2.0

/// Making several stages of one: `foreach` and `matrix`.
extension ManifestReader {
    /// No manifest has more stages.
    static let maximumStageCount = 100_000

    /// No instance's name is longer, in bytes: it has to do for a file's name.
    private static let maximumInstanceNameLength = 200

    /// Names that stand for something else inside a stage.
    private static let reservedVariables = ["item", "key", "resume"]

    /// The instances that a stage's keys ask for; none where what they say was wrong.
    mutating func instances(of fields: Fields, _ name: Located<String>) -> StageDeclaration.Instances {
        if let exclude = fields["exclude"], fields["matrix"] == nil {
            mistakes.add(
                .unknownKey, at: exclude.key.location, "\(fields.owner) has 'exclude' without 'matrix'",
                hint: "'exclude' leaves out combinations of the variables under 'matrix'")
        }
        let instances: [StageInstance]?
        switch (fields["foreach"], fields["matrix"]) {
        case (nil, nil):
            stageCount += 1
            return .single
        case (let foreach?, nil): instances = elementInstances(foreach, name, fields.owner)
        case (nil, let matrix?): instances = matrixInstances(matrix, fields["exclude"], name, fields.owner)
        case (let foreach?, let matrix?):
            mistakes.add(
                .wrongValue, at: max(foreach.key.location, matrix.key.location),
                "\(fields.owner) has both 'foreach' and 'matrix'", hint: "a 'matrix' can have one variable only")
            instances = nil
        }
        return .several(instances ?? [])
    }

    /// The part of a name that a value is, or nil where it is no word that can stand in one.
    static func label(of value: SettingValue) -> String? {
        switch value {
        case .list, .map: return nil
        default: break
        }
        let text = value.description
        return !text.isEmpty && text.utf8.allSatisfy(isOfLabel) ? text : nil
    }

    static func isOfLabel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }

    // MARK: foreach

    private mutating func elementInstances(
        _ entry: YAMLEntry, _ name: Located<String>, _ owner: String
    ) -> [StageInstance]? {
        let subject = "'foreach' of \(owner)"
        let expected = "a list, or a mapping of names to values"
        guard let node = compound(entry, subject, takes: expected) else { return nil }
        switch node.content {
        case .list(let elements):
            guard isFree("item", at: entry.key.location), hasRoom(for: elements.count, at: entry, owner) else {
                return nil
            }
            let values = labelledValues(of: elements, "each element of \(subject)", owner)
            return values.map { values in
                values.map { instance(of: name, $0.label, [("item", $0.value, $0.node)]) }
            }.flatMap { all in checkedLengths(of: all, at: entry) }
        case .map(let entries):
            guard isFree("item", at: entry.key.location), isFree("key", at: entry.key.location),
                hasRoom(for: entries.count, at: entry, owner)
            else { return nil }
            return namedInstances(
                uniqueEntries(
                    of: YAMLEntry(key: entry.key, value: node), subject, kind: "instance", .duplicateKey), name, subject
            )
            .flatMap { all in checkedLengths(of: all, at: entry) }
        default:
            wrongType(node, subject, takes: expected)
            return nil
        }
    }

    private mutating func namedInstances(
        _ entries: [YAMLEntry], _ name: Located<String>, _ subject: String
    ) -> [StageInstance]? {
        var instances: [StageInstance]? = []
        for entry in entries {
            let key = SettingValue.text(entry.key.value)
            if Self.label(of: key) == nil { tellUnusable(entry.key.value, at: entry.key.location) }
            if entry.value.isEmpty {
                wrongType(entry, "instance \(quoted(entry.key.value)) of \(subject)", takes: "a value")
            }
            let value = entry.value.isEmpty ? nil : literal(of: entry.value, subject)
            guard let value, Self.label(of: key) != nil else {
                instances = nil
                continue
            }
            let keyNode = YAMLNode(
                content: .scalar(entry.key.value, isPlain: false), location: entry.key.location,
                offset: entry.value.offset)
            instances?.append(
                instance(of: name, entry.key.value, [("item", value, entry.value), ("key", key, keyNode)]))
        }
        return instances
    }

    // MARK: matrix

    private struct Axis {
        let name: String
        let values: [(value: SettingValue, label: String, node: YAMLNode)]
    }

    private mutating func matrixInstances(
        _ entry: YAMLEntry, _ exclude: YAMLEntry?, _ name: Located<String>, _ owner: String
    ) -> [StageInstance]? {
        let subject = "'matrix' of \(owner)"
        guard case .map(let entries) = entry.value.content else {
            wrongType(entry, subject, takes: "a mapping of variables to lists")
            return nil
        }
        if entries.isEmpty {
            mistakes.add(.wrongValue, at: entry.value.location, "\(subject) needs at least one variable")
            return nil
        }
        var axes: [Axis?] = []
        for variable in uniqueEntries(of: entry, subject, kind: "variable", .duplicateKey) {
            axes.append(axis(variable, owner))
        }
        guard !axes.contains(where: { $0 == nil }) else { return nil }
        let sorted = axes.compactMap { $0 }.sorted { $0.name < $1.name }
        var count = 1
        for axis in sorted {
            let product = count.multipliedReportingOverflow(by: axis.values.count)
            count = product.overflow ? Int.max : product.partialValue
        }
        guard hasRoom(for: count, at: entry, owner) else { return nil }
        let all = combinations(of: sorted)
        guard let kept = remaining(all, exclude, sorted, owner) else { return nil }
        if kept.isEmpty {
            mistakes.add(
                .wrongValue, at: exclude?.key.location ?? entry.key.location, "'exclude' of \(owner) leaves nothing")
            return nil
        }
        return checkedLengths(
            of: kept.map { choice in
                let values = zip(sorted, choice).map { axis, index in (axis, axis.values[index]) }
                return instance(
                    of: name, values.map { "\($0.name)=\($1.label)" }.joined(separator: ","),
                    values.map { ($0.name, $1.value, $1.node) })
            }, at: entry)
    }

    private mutating func axis(_ entry: YAMLEntry, _ owner: String) -> Axis? {
        let subject = "variable \(quoted(entry.key.value)) of \(owner)"
        let isNamed = isVariable(entry.key)
        guard let node = compound(entry, subject, takes: "a list") else { return nil }
        guard case .list(let elements) = node.content else {
            wrongType(node, subject, takes: "a list")
            return nil
        }
        if elements.isEmpty {
            mistakes.add(.wrongValue, at: node.location, "\(subject) takes at least one value")
            return nil
        }
        guard let values = labelledValues(of: elements, "each value of \(subject)", owner), isNamed else { return nil }
        return Axis(name: entry.key.value, values: values)
    }

    private mutating func isVariable(_ name: Located<String>) -> Bool {
        guard isName(name, of: "a variable") else { return false }
        let isReserved = Self.reservedVariables.contains(name.value)
        if isReserved || ["inputs.", "outputs.", "item."].contains(where: { name.value.hasPrefix($0) }) {
            mistakes.add(
                .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of a variable",
                hint: "inside a stage it can stand for something else")
            return false
        }
        return isFree(name.value, at: name.location)
    }

    /// The indices of values of each combination, the last variable the fastest.
    private func combinations(of axes: [Axis]) -> [[Int]] {
        axes.reduce([[]]) { all, axis in all.flatMap { head in axis.values.indices.map { head + [$0] } } }
    }

    /// The combinations that `exclude` leaves; nil where it was wrong.
    private mutating func remaining(
        _ all: [[Int]], _ exclude: YAMLEntry?, _ axes: [Axis], _ owner: String
    ) -> [[Int]]? {
        guard let exclude else { return all }
        // By the variables that are named, the values that are left out together.
        var excluded: [[Int]: [[Int]: YAMLNode]] = [:]
        var isWhole = true
        for node in elements(of: exclude, "'exclude' of \(owner)") {
            guard let choice = excludedChoice(node, axes, owner) else {
                isWhole = false
                continue
            }
            excluded[choice.map(\.axis), default: [:]][choice.map(\.value)] = node
        }
        guard isWhole else { return nil }
        return all.filter { combination in
            !excluded.contains { variables, choices in choices[variables.map { combination[$0] }] != nil }
        }
    }

    private mutating func excludedChoice(
        _ node: YAMLNode, _ axes: [Axis], _ owner: String
    ) -> [(axis: Int, value: Int)]? {
        let subject = "each element of 'exclude' of \(owner)"
        guard let fields = fields(of: node, subject, at: node.location, keys: axes.map(\.name)) else { return nil }
        var choice: [(axis: Int, value: Int)] = []
        for (index, axis) in axes.enumerated() {
            guard let entry = fields[axis.name] else { continue }
            guard let value = labelledValues(of: [entry.value], "\(quoted(axis.name)) of \(subject)", owner)?.first
            else { return nil }
            guard let position = axis.values.firstIndex(where: { $0.label == value.label }) else {
                mistakes.add(
                    .wrongValue, at: entry.value.location,
                    "variable \(quoted(axis.name)) of \(owner) is never \(value.label)",
                    hint: "it is \(listed(axis.values.prefix(8).map(\.label), joinedBy: "or"))"
                        + (axis.values.count > 8 ? " and others" : ""))
                return nil
            }
            choice.append((index, position))
        }
        guard case .map(let entries) = node.content, entries.count == choice.count else { return nil }
        if choice.isEmpty {
            mistakes.add(.wrongValue, at: node.location, "\(subject) names at least one variable")
            return nil
        }
        return choice
    }

    // MARK: Values and names

    /// What stands under a key, or the list or mapping under the manifest's settings that it refers to.
    private mutating func compound(_ entry: YAMLEntry, _ subject: String, takes expected: String) -> YAMLNode? {
        if entry.value.isEmpty {
            wrongType(entry, subject, takes: expected)
            return nil
        }
        guard case .scalar(let written, _) = entry.value.content, let name = Template(written).onlyReference else {
            return entry.value
        }
        guard let setting = setting(name, in: entry.value) else { return nil }
        guard let node = compoundSettings[name] else {
            mistakes.add(
                .wrongType, at: entry.value.location,
                "\(subject) takes \(expected), not \(setting.value.descriptionWithType)",
                details: [
                    "setting \(quoted(name)) is declared at "
                        + line(of: setting.name.location, seenFrom: entry.value.location)
                ])
            return nil
        }
        return node
    }

    /// Values that can stand in names, each once; nil where one cannot.
    private mutating func labelledValues(
        of nodes: [YAMLNode], _ subject: String, _ owner: String
    ) -> [(value: SettingValue, label: String, node: YAMLNode)]? {
        var firsts: [String: SourceLocation] = [:]
        var values: [(value: SettingValue, label: String, node: YAMLNode)]? = []
        for node in nodes {
            guard case .scalar(let written, let isPlain) = node.content else {
                wrongType(node, subject, takes: "a truth value, a number or a word")
                values = nil
                continue
            }
            guard let value = scalarValue(of: node, written, isPlain: isPlain)?.value else {
                values = nil
                continue
            }
            guard let label = Self.label(of: value) else {
                tellUnusable(value.description, at: node.location)
                values = nil
                continue
            }
            if let first = firsts.updateValue(node.location, forKey: label) {
                mistakes.add(
                    .duplicateKey, at: node.location,
                    "two instances of \(owner) would have the value \(quoted(label)), first at "
                        + line(of: first, seenFrom: node.location))
                values = nil
            }
            values?.append((value, label, node))
        }
        return values
    }

    private mutating func tellUnusable(_ text: String, at location: SourceLocation) {
        mistakes.add(
            .wrongValue, at: location, "\(quoted(text)) cannot stand in the name of a stage",
            hint: "letters, digits, '-', '.', '_' and '+' can; a mapping under 'foreach' gives its values names")
    }

    /// Tells a variable that would hide a setting.
    private mutating func isFree(_ name: String, at location: SourceLocation) -> Bool {
        guard let setting = settings[name] else { return true }
        let place = setting.map { " at \(line(of: $0.name.location, seenFrom: location))" } ?? ""
        mistakes.add(
            .duplicateKey, at: location, "variable \(quoted(name)) has the name of the setting\(place)",
            hint: "give one of the two another name")
        return false
    }

    private mutating func hasRoom(for count: Int, at entry: YAMLEntry, _ owner: String) -> Bool {
        if count == 0 {
            mistakes.add(.wrongValue, at: entry.value.location, "\(quoted(entry.key.value)) of \(owner) has no values")
            return false
        }
        guard count <= Self.maximumStageCount - min(stageCount, Self.maximumStageCount) else {
            mistakes.add(
                .wrongValue, at: entry.key.location,
                "\(owner) would be \(count) stages, and a manifest has at most \(Self.maximumStageCount)")
            return false
        }
        stageCount += count
        return true
    }

    private func instance(
        of name: Located<String>, _ label: String, _ values: [(name: String, value: SettingValue, node: YAMLNode)]
    ) -> StageInstance {
        StageInstance(
            name: "\(name.value)@\(label)",
            group: StageGroup(name: name.value, values: values.map { ($0.name, $0.value) }), nodes: values.map(\.node))
    }

    private mutating func checkedLengths(of instances: [StageInstance], at entry: YAMLEntry) -> [StageInstance]? {
        guard let long = instances.first(where: { $0.name.utf8.count > Self.maximumInstanceNameLength }) else {
            return instances
        }
        mistakes.add(
            .wrongValue, at: entry.key.location,
            "the name of stage \(quoted(long.name)) is longer than \(Self.maximumInstanceNameLength)",
            hint: "a mapping under 'foreach' gives its values names of your own")
        return nil
    }
}
