// SPDX-License-Identifier: Apache-2.0

/// Reading stages that run a command.
extension ManifestReader {
    mutating func commandStage(
        _ name: Located<String>, _ work: YAMLEntry, _ fields: Fields, _ group: StageGroup?
    ) -> Stage? {
        refuse(
            ["settings"], in: fields, beside: work,
            hint: "name values under the manifest's 'settings' and write ${name} in the command")
        if work.key.value == "run" {
            refuse(["interpreter"], in: fields, beside: work, hint: "'interpreter' goes with 'shell'")
        }
        let learns = fields["learns"].flatMap { boolean(of: $0, in: fields.owner) } ?? false
        let inputs = commandInputs(of: fields, purpose: learns ? .learns : .reads)
        let outputs = commandOutputs(of: fields)
        let code = codePaths(of: fields)
        let paths = CommandPaths(
            inputs: inputs.mapValues { $0.map(Self.input) }, outputs: outputs.mapValues { $0.map(Self.outputPath) },
            resume: fields["resume"].map { resumeFolder($0, fields.owner, code) })
        let limits = limits(of: fields)
        let command = command(work, fields, paths, code: code, learns: learns)
        return Stage(
            name: name, work: .command(command), inputs: inputs.values.compactMap { $0 }, settings: [],
            outputs: outputs.values.compactMap { $0 }, limits: limits, group: group)
    }

    private static func input(_ input: StageInput) -> CommandPaths.Input {
        let folder = "inputs/\(input.name)"
        return CommandPaths.Input(
            paths: input.isList ? input.references.indices.map { "\(folder)/\($0)" } : [folder], isList: input.isList)
    }

    private static func outputPath(_ output: StageOutput) -> String { "outputs/\(output.path ?? output.name)" }

    /// The command; without arguments where they are wrong, so that the rest of its stage is judged all the same.
    private mutating func command(
        _ work: YAMLEntry, _ fields: Fields, _ paths: CommandPaths, code: [Located<String>], learns: Bool
    ) -> Command {
        let environment = environment(of: fields)
        let secrets = secrets(of: fields, environment)
        let programs = programs(of: fields)
        let probes = probes(of: fields)
        let shell = fields["interpreter"].map { text(of: $0, in: fields.owner)?.value }
        let arguments =
            work.key.value == "shell"
            ? script(work, fields.owner, paths).map { [$0] }
            : words(of: work, "'run' of \(fields.owner)", paths)
        if let arguments, (arguments.first ?? "").isEmpty {
            mistakes.add(.wrongValue, at: work.key.location, "the command of \(fields.owner) is empty")
        }
        return Command(
            arguments: arguments ?? [], shell: work.key.value == "shell" ? (shell ?? "/bin/sh") ?? "/bin/sh" : nil,
            code: code, environment: environment, probes: probes, learns: learns, programs: programs,
            secrets: secrets, resume: paths.resume ?? nil, folder: files[work.key.location.file].folder)
    }

    // MARK: Inputs and outputs

    private mutating func commandInputs(of fields: Fields, purpose: InputPurpose) -> NamedValues<StageInput> {
        var inputs = NamedValues<StageInput>()
        let subject = "'inputs' of \(fields.owner)"
        for entry in uniqueEntries(of: fields["inputs"], subject, kind: "input", .duplicateKey) {
            let name = entry.key.value
            let isNamed = isName(entry.key, of: "an input")
            let isList = isListOfReferences(entry.value)
            let references =
                entry.value.isEmpty
                ? noReference(entry, fields.owner)
                : references(
                    of: entry.value, "input \(quoted(name)) of \(fields.owner)",
                    takes: isList ? .several : .oneUnlessListed)
            inputs.append(
                name,
                isNamed
                    ? references.map {
                        StageInput(name: name, references: $0, isList: isList, formats: [], purpose: purpose)
                    } : nil)
        }
        return inputs
    }

    private mutating func noReference(_ entry: YAMLEntry, _ owner: String) -> [Located<ArtifactReference>]? {
        wrongType(
            entry, "input \(quoted(entry.key.value)) of \(owner)", takes: "the name of a source or a stage")
        return nil
    }

    private mutating func commandOutputs(of fields: Fields) -> NamedValues<StageOutput> {
        var outputs = NamedValues<StageOutput>()
        var paths: [(path: RelativePath, name: Located<String>)] = []
        let subject = "'outputs' of \(fields.owner)"
        for entry in uniqueEntries(of: fields["outputs"], subject, kind: "output", .producedTwice) {
            let isNamed = isName(entry.key, of: "an output")
            let output = commandOutput(entry, fields.owner, &paths)
            outputs.append(entry.key.value, isNamed ? output : nil)
        }
        if outputs.isEmpty, fields["outputs"].map({ !$0.value.isRefused }) ?? true, !fields.meant.contains("outputs") {
            mistakes.add(
                .missingKey, at: fields["outputs"]?.key.location ?? fields.place, "\(fields.owner) needs 'outputs'",
                hint: "name each file or folder that the command writes, for example 'outputs: {log: train.log}'")
        }
        return outputs
    }

    private mutating func commandOutput(
        _ entry: YAMLEntry, _ owner: String, _ paths: inout [(path: RelativePath, name: Located<String>)]
    ) -> StageOutput? {
        let subject = "output \(quoted(entry.key.value)) of \(owner)"
        var format: ArtifactFormat? = .file
        var role: Role?
        var place: YAMLEntry? = entry
        if case .map = entry.value.content {
            guard let fields = fields(of: entry, subject, at: entry.key.location, keys: StageKeys.output)
            else { return nil }
            place = required("path", in: fields)
            format = fields["format"].map { choice(of: $0, in: subject, among: ArtifactFormat.self) } ?? .file
            role = fields["role"].flatMap { choice(of: $0, in: subject, among: Role.self) }
        }
        guard let place, let written = outputText(place, subject), let path = relativePath(written) else { return nil }
        if let other = paths.first(where: { $0.path.overlaps(path) }) {
            mistakes.add(
                .producedTwice, at: written.location,
                other.path == path
                    ? "path \(quoted(path.text)) is declared twice, first by output \(quoted(other.name.value)) "
                        + "at line \(other.name.location.line)"
                    : "path \(quoted(path.text)) and that of output \(quoted(other.name.value)) lie inside each other")
            return nil
        }
        paths.append((path, entry.key))
        return format.map { StageOutput(name: entry.key.value, format: $0, role: role, path: path.text) }
    }

    private mutating func outputText(_ entry: YAMLEntry, _ subject: String) -> Located<String>? {
        guard case .scalar(let text, _) = entry.value.content else {
            wrongType(entry, subject, takes: "a path, or a mapping with the keys 'path', 'format' and 'role'")
            return nil
        }
        return Located(text, at: entry.value.location)
    }

    mutating func relativePath(_ written: Located<String>) -> RelativePath? {
        let fault: RelativePath.Fault
        do {
            return try RelativePath(written.value)
        } catch {
            fault = error
        }
        let (message, hint): (String, String?) =
            switch fault {
            case .empty: ("a path is empty", nil)
            case .absolute:
                ("path \(quoted(written.value)) is absolute", "write a path inside the stage's own folder")
            case .leavesFolder:
                ("path \(quoted(written.value)) leaves its folder", "write a path without '..'")
            case .unusable: ("path \(quoted(written.value)) holds a control character", nil)
            }
        mistakes.add(.invalidPath, at: written.location, message, hint: hint)
        return nil
    }

    // MARK: Words

    private mutating func words(of entry: YAMLEntry, _ subject: String, _ paths: CommandPaths) -> [String]? {
        if entry.value.isEmpty {
            wrongType(entry, subject, takes: "a command or a list of its words")
            return nil
        }
        return words(of: entry.value, subject, paths)
    }

    mutating func words(of node: YAMLNode, _ subject: String, _ paths: CommandPaths) -> [String]? {
        switch node.content {
        case .scalar(let line, _):
            let split = CommandWords(line)
            if let quote = split.unclosedQuote {
                mistakes.add(.wrongValue, at: node.location, "a \(quote) in \(subject) is never closed")
                return nil
            }
            return words(split.words.map { ($0, node) }, paths)
        case .list(let elements):
            var written: [(String, YAMLNode)] = []
            for element in elements {
                if case .scalar(let word, _) = element.content {
                    written.append((word, element))
                } else {
                    wrongType(element, "each word of \(subject)", takes: "text")
                }
            }
            let words = words(written, paths)
            return written.count == elements.count ? words : nil
        default:
            wrongType(node, subject, takes: "a command or a list of its words")
            return nil
        }
    }

    private mutating func words(_ written: [(String, YAMLNode)], _ paths: CommandPaths) -> [String]? {
        var words: [String]? = []
        for (word, node) in written {
            if let expanded = expanded(word, in: node, paths, listsJoin: false) {
                words?.append(contentsOf: expanded)
            } else {
                words = nil
            }
        }
        return words
    }

    /// A shell's script: a list of inputs stands as its paths with blanks between.
    private mutating func script(_ entry: YAMLEntry, _ owner: String, _ paths: CommandPaths) -> String? {
        guard let written = text(of: entry, in: owner) else { return nil }
        return expanded(written.value, in: entry.value, paths, listsJoin: true)?.first
    }

    /// The word, or where it is a whole list of inputs, a word for each.
    private mutating func expanded(
        _ word: String, in node: YAMLNode, _ paths: CommandPaths, listsJoin: Bool
    ) -> [String]? {
        let template = Template(word)
        if template.isUnclosed {
            unclosedReference(in: node)
            return nil
        }
        if !listsJoin, let name = template.onlyReference, let input = paths.list(name) { return input }
        var text: String? = ""
        for piece in template.pieces {
            guard let inserted = inserted(piece, in: node, paths, listsJoin: listsJoin) else {
                text = nil
                continue
            }
            text? += inserted
        }
        return text.map { [$0] }
    }

    private mutating func inserted(
        _ piece: Template.Piece, in node: YAMLNode, _ paths: CommandPaths, listsJoin: Bool
    ) -> String? {
        guard case .reference(let name) = piece else {
            if case .text(let text) = piece { return text }
            return nil
        }
        if let path = paths.written(name) { return path }
        if let input = paths.input(name) {
            if !input.isList || listsJoin { return input.paths.joined(separator: " ") }
            mistakes.add(
                .wrongValue, at: location(of: name, in: node),
                "\(quoted("${\(name)}")) is a list and must stand as a word of its own")
            return nil
        }
        if paths.isKnown(name) { return nil }
        if name.hasPrefix("inputs.") || name.hasPrefix("outputs.") {
            unknownReference(name, in: node, among: paths.names)
            return nil
        }
        if name == "resume", settings[name] == nil {
            mistakes.add(
                .unresolvedReference, at: location(of: name, in: node), "this stage has no folder to resume from",
                hint: "name one with the stage's key 'resume', for example 'resume: checkpoints'")
            return nil
        }
        return joined(Template("${\(name)}"), in: node)
    }
}

/// Values by name, in the order of the manifest; nil where one was wrong.
private struct NamedValues<Value> {
    private(set) var values: [Value?] = []
    private var names: [String] = []

    var isEmpty: Bool { names.isEmpty }

    mutating func append(_ name: String, _ value: Value?) {
        names.append(name)
        values.append(value)
    }

    func mapValues<Mapped>(_ transform: (Value?) -> Mapped?) -> [String: Mapped?] {
        Dictionary(zip(names, values.map { transform($0) })) { first, _ in first }
    }
}
