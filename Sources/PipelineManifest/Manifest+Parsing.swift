// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    /// The version of the manifest's form that this Reprise reads.
    package static let schemaVersion = 1

    /// No manifest is longer, in bytes of UTF-8.
    package static let maximumByteCount = 1 << 20

    /// Reads a manifest; `docs/MANIFEST.md` describes its form.
    ///
    /// `interfaces` are the tools it may use, with different names. `overrides` are the `--set` of the command line as
    /// typed, the last of a name winning; each takes the type of the setting it replaces. A wrong one is a diagnostic
    /// like any other, in the file `--set` with `name=value` as its line. `include` gives the text of a file that the
    /// manifest includes; its path is as seen from where `source.file` is.
    ///
    /// - Throws: every mistake of the manifest and of `overrides`, unless the text is no YAML, which is then the only
    ///   one.
    package static func parse(
        _ source: SourceText, interfaces: [ToolInterface], overrides: [(name: String, value: String)] = [],
        include: @escaping (_ path: String) -> IncludedText = { _ in .missing }
    ) throws(Diagnostics) -> Manifest {
        let reading = read(source, interfaces: interfaces, overrides: overrides, include: include)
        if !reading.diagnostics.isEmpty { throw Diagnostics(reading.diagnostics) }
        guard let manifest = reading.manifest else {
            preconditionFailure("a manifest that cannot be read has a mistake")
        }
        return manifest
    }

    /// Reads a manifest as far as it goes, so that what refers to the well-formed parts can be checked as well.
    package static func read(
        _ source: SourceText, interfaces: [ToolInterface], overrides: [(name: String, value: String)] = [],
        include: @escaping (_ path: String) -> IncludedText = { _ in .missing }
    ) -> ManifestReading {
        var reader = ManifestReader(source, interfaces: interfaces, include: include)
        let manifest = reader.manifest(overrides: overrides)
        let diagnostics = reader.mistakes.diagnostics(in: reader.files)?.all ?? []
        let unread = manifest.flatMap { diagnostics.isEmpty ? nil : UnreadNames(of: $0, by: reader) }
        return ManifestReading(manifest: manifest, unread: unread ?? .none, diagnostics: diagnostics)
    }

    /// The name of a manifest that does not name itself: that of its file without its ending, or of its folder where
    /// the file is `pipeline.yml`.
    package static func defaultName(file: String) -> String {
        let parts = file.split(separator: "/")
        guard let last = parts.last else { return file }
        if last == "pipeline.yml" || last == "pipeline.yaml", let folder = parts.dropLast().last,
            folder != ".", folder != ".."
        {
            return String(folder)
        }
        let stem = last.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
        return stem.isEmpty ? String(last) : stem
    }
}
