// SPDX-License-Identifier: Apache-2.0

/// Reading stages that use a tool.
extension ManifestReader {
    mutating func toolStage(
        _ name: Located<String>, _ work: YAMLEntry, _ fields: Fields, _ group: StageGroup?
    ) -> Stage? {
        refuse(
            StageKeys.command.filter { !StageKeys.tool.contains($0) && !StageKeys.work.contains($0) }, in: fields,
            beside: work, hint: "a tool's outputs and what it reads are known: 'reprise tools' lists them")
        let limits = limits(of: fields)
        guard let tool = text(of: work, in: fields.owner) else { return nil }
        guard let interface = interfacesByName[tool.value] else {
            let known = interfaces.map(\.name)
            mistakes.add(
                .unknownTool, at: tool.location, "no tool is called \(quoted(tool.value))",
                hint: suggestion(for: tool.value, among: known) ?? "the tools are \(listed(known.map { quoted($0) }))")
            return nil
        }
        let inputs = inputs(of: fields, interface)
        let settings = settings(of: fields, interface)
        let outputs = interface.outputs.map {
            StageOutput(name: $0.name, format: $0.format, role: $0.role, path: nil)
        }
        return Stage(
            name: name, work: .tool(interface, name: tool), inputs: inputs, settings: settings, outputs: outputs,
            limits: limits, group: group)
    }

    // MARK: Inputs

    private mutating func inputs(of fields: Fields, _ interface: ToolInterface) -> [StageInput] {
        var given: [String: (location: SourceLocation, node: YAMLNode)] = [:]
        var meant: Set<String> = []
        for (name, location, node) in namedInputs(of: fields, interface) {
            if interface.inputs.contains(where: { $0.name == name }) {
                given[name] = (location, node)
            } else {
                let known = interface.inputs.map(\.name)
                nearest(to: name, among: known).map { _ = meant.insert($0) }
                mistakes.add(
                    .unknownInput, at: location, "tool \(quoted(interface.name)) has no input \(quoted(name))",
                    hint: suggestion(for: name, among: known) ?? inputsHint(interface))
            }
        }
        return interface.inputs.compactMap { input in
            guard let (location, node) = given[input.name] else {
                if input.arity != .optional, !meant.contains(input.name), !isMistaken(fields["inputs"]) {
                    missing(input, of: interface, in: fields)
                }
                return nil
            }
            return self.input(input, node, at: location, of: interface)
        }
    }

    /// What stands under each name of `inputs`; a tool's only input needs no name.
    private mutating func namedInputs(
        of fields: Fields, _ interface: ToolInterface
    ) -> [(name: String, location: SourceLocation, node: YAMLNode)] {
        guard let entry = fields["inputs"] else { return [] }
        switch entry.value.content {
        case .scalar, .list:
            if interface.inputs.count == 1, let only = interface.inputs.first {
                return [(only.name, entry.value.location, entry.value)]
            }
            wrongType(
                entry, "'inputs' of \(fields.owner)", takes: "a mapping of names", hint: inputsHint(interface))
            return []
        default:
            let entries = uniqueEntries(of: entry, "'inputs' of \(fields.owner)", kind: "input", .duplicateKey)
            return entries.map { ($0.key.value, $0.key.location, $0.value) }
        }
    }

    /// Whether `inputs` has been told to be of the wrong type, so that nothing in it is missing.
    private func isMistaken(_ entry: YAMLEntry?) -> Bool {
        switch entry?.value.content {
        case .scalar?, .list?, .refused?: true
        case .map?, .empty?, nil: false
        }
    }

    private mutating func missing(_ input: ToolInterface.Input, of interface: ToolInterface, in fields: Fields) {
        mistakes.add(
            .missingInput, at: fields["inputs"]?.key.location ?? fields.place,
            "\(fields.owner) needs the input \(quoted(input.name)) of tool \(quoted(interface.name))",
            hint: "\(input.name): \(input.summary)")
    }

    private mutating func input(
        _ input: ToolInterface.Input, _ node: YAMLNode, at location: SourceLocation, of interface: ToolInterface
    ) -> StageInput? {
        let subject = "input \(quoted(input.name)) of tool \(quoted(interface.name))"
        if node.isEmpty {
            mistakes.add(
                .wrongType, at: location, "\(subject) takes the name of a source or a stage, but has no value")
            return nil
        }
        if input.arity != .many, case .list = node.content {
            wrongType(node, subject, takes: "one reference")
            return nil
        }
        guard let references = references(of: node, subject, takes: input.arity == .many ? .several : .one) else {
            return nil
        }
        return StageInput(
            name: input.name, references: references, isList: input.arity == .many, formats: input.formats,
            purpose: input.purpose, checksCatalogue: input.checksCatalogue)
    }

    private func inputsHint(_ interface: ToolInterface) -> String {
        interface.inputs.isEmpty
            ? "it takes no inputs" : "its inputs are \(listed(interface.inputs.map { quoted($0.name) }))"
    }

    // MARK: Settings

    private mutating func settings(of fields: Fields, _ interface: ToolInterface) -> [StageSetting] {
        var given: [String: YAMLEntry] = [:]
        var meant: Set<String> = []
        let known = interface.settings.map(\.name)
        let entries = uniqueEntries(
            of: fields["settings"], "'settings' of \(fields.owner)", kind: "setting", .duplicateKey)
        for entry in entries {
            if known.contains(entry.key.value) {
                given[entry.key.value] = entry
                continue
            }
            nearest(to: entry.key.value, among: known).map { _ = meant.insert($0) }
            mistakes.add(
                .unknownSetting, at: entry.key.location,
                "tool \(quoted(interface.name)) has no setting \(quoted(entry.key.value))",
                hint: suggestion(for: entry.key.value, among: known) ?? settingsHint(interface))
        }
        let isReadable = fields["settings"].map { isMapOrEmpty($0.value) } ?? true
        let all = interface.settings.compactMap { setting -> StageSetting? in
            if let entry = given[setting.name] { return self.setting(setting, entry, of: interface) }
            return absent(setting, of: interface, in: fields, isTold: meant.contains(setting.name) || !isReadable)
        }
        return all.sorted { $0.name < $1.name }
    }

    private mutating func setting(
        _ setting: ToolInterface.Setting, _ entry: YAMLEntry, of interface: ToolInterface
    ) -> StageSetting? {
        let subject = "setting \(quoted(setting.name)) of tool \(quoted(interface.name))"
        return typedValue(of: entry, setting.type, subject).map {
            StageSetting(
                name: setting.name, value: $0, location: entry.value.location,
                elementLocations: elementLocations(of: resolved(entry.value)))
        }
    }

    private func elementLocations(of node: YAMLNode) -> [SourceLocation] {
        if case .list(let elements) = node.content { elements.map(\.location) } else { [] }
    }

    private mutating func absent(
        _ setting: ToolInterface.Setting, of interface: ToolInterface, in fields: Fields, isTold: Bool
    ) -> StageSetting? {
        switch setting.presence {
        case .defaulted(let value): return StageSetting(name: setting.name, value: value, location: nil)
        case .optional: return nil
        case .required:
            if !isTold {
                mistakes.add(
                    .missingSetting, at: fields["settings"]?.key.location ?? fields.place,
                    "\(fields.owner) needs the setting \(quoted(setting.name)) of tool \(quoted(interface.name))",
                    hint: "\(setting.name): \(setting.summary); \(setting.type)")
            }
            return nil
        }
    }

    private func isMapOrEmpty(_ node: YAMLNode) -> Bool { if case .map = node.content { true } else { node.isEmpty } }

    private func settingsHint(_ interface: ToolInterface) -> String {
        interface.settings.isEmpty
            ? "it takes no settings" : "its settings are \(listed(interface.settings.map { quoted($0.name) }))"
    }
}
