// SPDX-License-Identifier: Apache-2.0

/// Reading what a command sees beside its inputs: code, programs, variables, and a folder that outlives failures.
extension ManifestReader {
    /// Files, folders and patterns, as they are written but for `.` and doubled slashes.
    mutating func codePaths(of fields: Fields) -> [Located<String>] {
        guard let entry = fields["code"], !entry.value.isEmpty else { return [] }
        return interpolatedTexts(of: entry, in: fields.owner).compactMap { written in
            guard let path = relativePath(written), !isTaken(path, at: written.location, fields.owner) else {
                return nil
            }
            return Located(path.text, at: written.location)
        }
    }

    /// Whether code would lie among a command's inputs or outputs, and be taken for one of them.
    private mutating func isTaken(_ path: RelativePath, at location: SourceLocation, _ owner: String) -> Bool {
        guard let folder = path.text.split(separator: "/").first, folder == "inputs" || folder == "outputs" else {
            return false
        }
        mistakes.add(
            .invalidPath, at: location,
            "the code \(quoted(path.text)) of \(owner) would lie in '\(folder)', which a command has for itself",
            hint: "keep it in a folder of another name, such as 'code'")
        return true
    }

    mutating func environment(of fields: Fields) -> [EnvironmentVariable] {
        let subject = "'environment' of \(fields.owner)"
        let entries = uniqueEntries(of: fields["environment"], subject, kind: "variable", .duplicateKey)
        return entries.compactMap { entry in
            let isNamed = isVariableName(entry.key)
            guard let value = interpolatedText(of: entry, in: "the environment of \(fields.owner)"), isNamed else {
                return nil
            }
            return EnvironmentVariable(name: entry.key.value, value: value.value)
        }.sorted { $0.name < $1.name }
    }

    private mutating func isVariableName(_ name: Located<String>) -> Bool {
        let isLetter = { (byte: UInt8) in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        if let first = name.value.utf8.first, isLetter(first),
            name.value.utf8.allSatisfy({ isLetter($0) || isDigit($0) })
        {
            return true
        }
        mistakes.add(
            .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of a variable",
            hint: "a variable's name has letters, digits and '_', and starts with no digit")
        return false
    }

    mutating func probes(of fields: Fields) -> [Located<[String]>] {
        guard let entry = fields["probe"], !entry.value.isEmpty else { return [] }
        let subject = "'probe' of \(fields.owner)"
        let nodes: [YAMLNode]
        if case .list(let elements) = entry.value.content { nodes = elements } else { nodes = [entry.value] }
        return nodes.compactMap { node in
            guard let words = words(of: node, subject, CommandPaths()) else { return nil }
            guard let program = words.first, !program.isEmpty else {
                mistakes.add(.wrongValue, at: node.location, "a command under \(subject) is empty")
                return nil
            }
            return Located(words, at: node.location)
        }
    }

    /// Names that are looked up in `PATH`, and paths.
    mutating func programs(of fields: Fields) -> [Located<String>] {
        guard let entry = fields["programs"], !entry.value.isEmpty else { return [] }
        let owner = fields.owner
        return unique(interpolatedTexts(of: entry, in: owner), "program", owner).filter { isProgram($0) }
    }

    /// Names of variables of the user's own environment.
    mutating func secrets(of fields: Fields, _ environment: [EnvironmentVariable]) -> [Located<String>] {
        guard let entry = fields["secrets"], !entry.value.isEmpty else { return [] }
        let given = Set(environment.map(\.name))
        return unique(texts(of: entry, in: fields.owner), "secret", fields.owner).filter { name in
            guard isVariableName(name) else { return false }
            guard given.contains(name.value) else { return true }
            mistakes.add(
                .duplicateKey, at: name.location,
                "\(quoted(name.value)) of \(fields.owner) stands both in 'secrets' and in 'environment'",
                hint: "a secret's value comes from the environment of whoever runs the pipeline")
            return false
        }
    }

    /// The folder that outlives failed attempts: apart from all that the command is given and asked for.
    mutating func resumeFolder(_ entry: YAMLEntry, _ owner: String, _ code: [Located<String>]) -> String? {
        if let setting = settings["resume"] {
            let place = setting.map { " at \(line(of: $0.name.location, seenFrom: entry.key.location))" } ?? ""
            mistakes.add(
                .duplicateKey, at: entry.key.location,
                "${resume} would be both a folder of \(owner) and the setting 'resume'\(place)",
                hint: "give the setting another name")
            return nil
        }
        guard let written = text(of: entry, in: owner), let path = relativePath(written) else { return nil }
        let taken = ["inputs", "outputs"] + code.map { FilePattern.fixedFolder(of: $0.value) }
        guard let other = taken.first(where: { (try? RelativePath($0))?.overlaps(path) ?? false }) else {
            return path.text
        }
        mistakes.add(
            .invalidPath, at: written.location,
            "the folder \(quoted(path.text)) to resume from and \(quoted(other)) lie inside each other",
            hint: "name a folder of its own, for example 'checkpoints'")
        return nil
    }

    private mutating func isProgram(_ program: Located<String>) -> Bool {
        let isVisible = program.value.allSatisfy { visibleForm(of: $0) == String($0) }
        if isVisible, !program.value.isEmpty, !program.value.hasPrefix("~"), !program.value.hasSuffix("/") {
            return true
        }
        mistakes.add(
            .invalidPath, at: program.location, "\(quoted(program.value)) names no program",
            hint: "write a name that is looked up in PATH, such as 'python3', or a path with a '/'")
        return false
    }

    /// The texts without those that stood there before, which are told.
    private mutating func unique(_ texts: [Located<String>], _ kind: String, _ owner: String) -> [Located<String>] {
        var firsts: Set<String> = []
        return texts.filter { text in
            if firsts.insert(text.value).inserted { return true }
            mistakes.add(
                .duplicateKey, at: text.location, "\(kind) \(quoted(text.value)) of \(owner) is named twice")
            return false
        }
    }
}
