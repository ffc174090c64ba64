// SPDX-License-Identifier: Apache-2.0

/// Reading the files that a manifest includes.
extension ManifestReader {
    /// No manifest is made of more files, itself counted.
    private static let maximumFileCount = 64

    /// The keys of all files that the manifest includes, directly or not, each file once.
    mutating func includedFields(of fields: Fields) -> [Fields] {
        let manifest = ReadFile.normalized(files[0].source.file)
        var known: Set = [manifest]
        return includedFields(of: fields, by: [manifest], &known)
    }

    /// - Parameters:
    ///   - ancestors: the paths of the including files, from the manifest to the one that is read.
    ///   - known: the paths of all files so far.
    private mutating func includedFields(
        of fields: Fields, by ancestors: [String], _ known: inout Set<String>
    ) -> [Fields] {
        guard let entry = fields["includes"], !entry.value.isEmpty else { return [] }
        var all: [Fields] = []
        for written in texts(of: entry, in: fields.owner) {
            guard let place = place(of: written) else { continue }
            if let start = ancestors.firstIndex(of: place.path) {
                let ring = (ancestors[start...] + [place.path]).map { quoted($0) }.joined(separator: " includes ")
                mistakes.add(.cycle, at: written.location, "\(quoted(place.path)) includes itself: \(ring)")
                continue
            }
            guard known.insert(place.path).inserted, let own = includedFields(written, place) else { continue }
            all.append(own)
            all += includedFields(of: own, by: ancestors + [place.path], &known)
        }
        return all
    }

    private struct Place {
        /// As the user can find it.
        let path: String
        /// Relative to the manifest's folder.
        let folder: String
    }

    private mutating func place(of written: Located<String>) -> Place? {
        let isVisible = written.value.allSatisfy { visibleForm(of: $0) == String($0) }
        guard isVisible, !written.value.isEmpty, !written.value.hasSuffix("/"), !written.value.hasPrefix("~") else {
            mistakes.add(
                .invalidPath, at: written.location, "\(quoted(written.value)) names no file to include",
                hint: "write a path relative to the file that includes it")
            lacksFile = true
            return nil
        }
        let including = files[written.location.file]
        let path = ReadFile.joined(ReadFile.folder(of: including.source.file), written.value)
        let folder = ReadFile.folder(of: including.path(of: written.value))
        return Place(path: ReadFile.normalized(path), folder: ReadFile.normalized(folder))
    }

    /// The keys of one file; nil where there is nothing to read.
    private mutating func includedFields(_ written: Located<String>, _ place: Place) -> Fields? {
        guard files.count < Self.maximumFileCount else {
            mistakes.add(
                .wrongValue, at: written.location, "a manifest is made of at most \(Self.maximumFileCount) files")
            lacksFile = true
            return nil
        }
        switch include(place.path) {
        case .text(let text):
            files.append(
                ReadFile(SourceText(file: place.path, text: text), folder: place.folder, number: files.count))
            guard let root = root(), isOfKnownSchema(root),
                let fields = fields(of: root, "an included file", at: root.location, keys: ManifestKeys.included)
            else {
                lacksFile = true
                return nil
            }
            checkSchema(of: fields)
            roots.append(root)
            return fields
        case .missing:
            mistakes.add(
                .missingSource, at: written.location, "there is no file \(quoted(written.value)) to include",
                details: ["looked for: \(place.path)"], hint: "it is looked up beside the file that includes it")
        case .unreadable(let reason):
            mistakes.add(
                .unreadableSource, at: written.location, "the file \(quoted(written.value)) cannot be included",
                details: [reason])
        }
        lacksFile = true
        return nil
    }
}
