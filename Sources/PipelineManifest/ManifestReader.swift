// SPDX-License-Identifier: Apache-2.0

/// Makes a manifest, or a catalogue, of its text, telling every mistake it meets and reading on after each.
///
/// A function that returns nil has told the mistake, or knows that it was told; nothing that follows from a told
/// mistake is told again.
struct ManifestReader {
    let kind: DocumentKind
    /// The manifest, and then what it includes.
    var files: [ReadFile]
    /// Gives the text of a file to include.
    let include: (_ path: String) -> IncludedText
    /// Whether a file to include could not be read, so that anything may be declared in it.
    var lacksFile = false
    /// What the files hold, as far as they are YAML.
    var roots: [YAMLNode] = []
    let interfaces: [ToolInterface]
    let interfacesByName: [String: ToolInterface]
    var mistakes = Mistakes()
    /// The manifest's own settings, for `${name}`; the value is nil where it was wrong.
    var settings: [String: Setting?] = [:]
    /// Which of several stages is read.
    var instance: StageInstance?
    /// The variables of the stage that is read.
    var scope = StageScope.none
    /// The stages that `foreach` and `matrix` made several of, by the name they are written under.
    var groups: [String: InstanceIndex] = [:]
    /// How many stages all of the manifest's stages are.
    var stageCount = 0
    /// How long the instances of all groups are.
    var instancesWeight = 0
    /// How many references the globs and groups under `inputs` stand for.
    var expandedReferenceCount = 0
    /// The manifest's pools; nil where the capacity was wrong.
    var pools: [String: Pool?] = [:]
    /// The lists and mappings among the settings as they are written, so that mistakes in them are told in their place.
    var compoundSettings: [String: YAMLNode] = [:]

    init(
        _ source: SourceText, _ kind: DocumentKind = .manifest, interfaces: [ToolInterface] = [],
        include: @escaping (_ path: String) -> IncludedText = { _ in .missing }
    ) {
        self.kind = kind
        self.files = [ReadFile(source)]
        self.include = include
        self.interfaces = interfaces
        self.interfacesByName = Dictionary(interfaces.map { ($0.name, $0) }) { first, _ in first }
    }

    mutating func manifest(overrides: [(name: String, value: String)]) -> Manifest? {
        guard let root = root(), isOfKnownSchema(root),
            let fields = fields(of: root, "the manifest", at: root.location, keys: ManifestKeys.all)
        else { return nil }
        checkSchema(of: fields)
        roots.append(root)
        let all = [fields] + includedFields(of: fields)
        let settings = settings(of: all, overrides: overrides)
        let name = fields["name"].flatMap { self.name(of: $0, "the manifest") }
        let title = fields["title"].flatMap { self.text(of: $0, in: fields.owner)?.value }
        let paper = paper(of: fields)
        let assumptions = assumptions(of: fields)
        let pools = pools(of: all)
        let sources = sources(of: all)
        let stages = stages(of: all, sources: sources.names)
        let claims = claims(of: all)
        return Manifest(
            source: source, name: name ?? Manifest.defaultName(file: files[0].source.file), title: title, paper: paper,
            assumptions: assumptions, settings: settings, sources: sources.all, stages: stages, claims: claims,
            pools: pools)
    }

    /// The manifest's text, with what it includes.
    private var source: SourceText {
        SourceText(
            file: files[0].source.file, text: files[0].source.text, included: files.dropFirst().map(\.source))
    }

    /// The root of the text that was added last, which nothing can do without.
    mutating func root() -> YAMLNode? {
        let (text, start) = (files[files.count - 1].text, files[files.count - 1].text.start)
        guard files.reduce(0, { $0 + $1.source.text.utf8.count }) <= kind.maximumByteCount else {
            mistakes.add(.invalidYAML, at: start, "the \(kind.name) is longer than \(kind.maximumByteCount) bytes")
            return nil
        }
        let toldBefore = mistakes.count
        guard var reader = YAMLReader(text, kind) else {
            mistakes.add(.invalidYAML, at: start, "the \(kind.name) uses up the characters for private use")
            return nil
        }
        guard let root = reader.root(&mistakes), !root.isEmpty else {
            if mistakes.count == toldBefore {
                mistakes.add(.invalidYAML, at: start, "the \(kind.name) is empty", hint: kind.beginningHint)
            }
            return nil
        }
        return root
    }

    /// Whether the text can be read on: not where it says that it has another form, in which nothing need be wrong.
    mutating func isOfKnownSchema(_ root: YAMLNode) -> Bool {
        guard case .map(let entries) = root.content,
            let entry = entries.first(where: { $0.key.value == kind.schemaKey }),
            let version = version(of: entry.value), version != kind.schemaVersion
        else { return true }
        mistakes.add(
            .unsupportedSchema, at: entry.value.location, "version \(version) of the \(kind.name)'s form is not known",
            hint: "this Reprise reads version \(kind.schemaVersion)")
        return false
    }

    mutating func checkSchema(of fields: Fields) {
        guard let entry = fields[kind.schemaKey] else {
            missing(kind.schemaKey, in: fields, hint: "start with '\(kind.schemaKey): \(kind.schemaVersion)'")
            return
        }
        if version(of: entry.value) == nil {
            wrongType(
                entry, quoted(kind.schemaKey), takes: "the version of the \(kind.name)'s form",
                hint: "this Reprise reads version \(kind.schemaVersion)")
        }
    }

    private func version(of node: YAMLNode) -> Int? {
        guard case .scalar(let word, true) = node.content, case .value(.integer(let version)) = PlainScalar(word) else {
            return nil
        }
        return version
    }

    private mutating func paper(of fields: Fields) -> Paper? {
        guard let entry = fields["paper"],
            let paper = self.fields(
                of: entry, "the paper", at: entry.key.location, keys: ManifestKeys.paper)
        else { return nil }
        let authors = paper["authors"].flatMap { texts(of: $0, in: paper.owner) }
        let year = paper["year"].flatMap { integer(of: $0, in: paper.owner, 1000...9999) }
        let reference = paper["reference"].flatMap { text(of: $0, in: paper.owner) }
        guard let title = requiredText("title", in: paper) else { return nil }
        return Paper(
            title: title.value, authors: authors?.map(\.value).joined(separator: ", "), year: year,
            reference: reference?.value)
    }

    private mutating func assumptions(of fields: Fields) -> [Assumption] {
        elements(of: fields["assumptions"], "'assumptions'").compactMap { node in
            guard
                let assumption = self.fields(
                    of: node, "the assumption", at: node.location, keys: ManifestKeys.assumption)
            else { return nil }
            let about = requiredText("about", in: assumption)
            let chosen = requiredText("chosen", in: assumption)
            let reason = assumption["reason"].flatMap { text(of: $0, in: assumption.owner) }
            guard let about, let chosen else { return nil }
            return Assumption(about: about.value, chosen: chosen.value, reason: reason?.value)
        }
    }

    private mutating func sources(of sections: [Fields]) -> (all: [Source], names: [String: SourceLocation]) {
        var names: [String: SourceLocation] = [:]
        var all: [Source] = []
        for entry in uniqueEntries(of: sections.map { $0["sources"] }, "'sources'", kind: "source", .producedTwice) {
            names[entry.key.value] = entry.key.location
            if let source = self.source(entry) { all.append(source) }
        }
        return (all, names)
    }

    private mutating func source(_ entry: YAMLEntry) -> Source? {
        let isNamed = isName(entry.key, of: "a source")
        let owner = "source \(quoted(entry.key.value))"
        guard
            let fields = fields(of: entry, owner, at: entry.key.location, keys: ManifestKeys.source)
        else { return nil }
        let path = required("path", in: fields).flatMap { sourcePath($0, owner) }
        let files = fields["files"].map { interpolatedTexts(of: $0, in: owner) } ?? []
        let role = fields["role"].flatMap { choice(of: $0, in: owner, among: Role.self) }
        let catalogue = fields["catalogue"].flatMap { catalogueReference($0, owner) }
        guard isNamed, let path else { return nil }
        return Source(name: entry.key, path: path, files: files, role: role, catalogue: catalogue)
    }

    private mutating func catalogueReference(_ entry: YAMLEntry, _ owner: String) -> Located<CatalogueReference>? {
        guard let written = interpolatedText(of: entry, in: owner) else { return nil }
        guard let reference = CatalogueReference(written.value), !reference.file.hasPrefix("~") else {
            mistakes.add(
                .invalidPath, at: written.location, "\(quoted(written.value)) names no catalogue",
                hint: "write FILE or FILE#PART, with FILE relative to the manifest's folder")
            return nil
        }
        let file = files[written.location.file].path(of: reference.file)
        return Located(CatalogueReference(file: file, part: reference.part), at: written.location)
    }

    private mutating func sourcePath(_ entry: YAMLEntry, _ owner: String) -> Located<String>? {
        guard let path = interpolatedText(of: entry, in: owner) else { return nil }
        if path.value.isEmpty || path.value == "~" || path.value.hasPrefix("~/") {
            mistakes.add(
                .invalidPath, at: path.location,
                path.value.isEmpty ? "the path of \(owner) is empty" : "'~' does not stand for a folder in a manifest",
                hint: "write a path relative to the data folder, or a whole one")
            return nil
        }
        return path
    }
}
