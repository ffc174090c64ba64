// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// Why a folder has no catalogue.
package enum CataloguingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Files with why they cannot be read.
    case damaged([String])
    /// Two files whose names differ by their endings alone.
    case oneName(String, String)
    /// A name that a catalogue cannot hold.
    case unusableName(String)

    package var description: String {
        switch self {
        case .damaged(let files): "\(files.count) of its files cannot be read"
        case .oneName(let first, let second): "\(quoted(first)) and \(quoted(second)) are one name without the endings"
        case .unusableName(let name): "\(quoted(name)) cannot be a name in a catalogue"
        }
    }
}

extension ImageFolder {
    /// The parts of a catalogue of this folder, which holds images: one for each folder of them, or a single one
    /// without a name.
    ///
    /// - Parameter isOnePart: whether all images are one part, with their folders in their names; so they are too where
    ///   images lie in the folder itself.
    package func parts(isOnePart: Bool) throws(CataloguingError) -> [Catalogue.Part] {
        let damaged = files.compactMap { file in file.damage.map { "\(quoted(file.name)): \($0)" } }
        if !damaged.isEmpty { throw .damaged(damaged) }
        let folders = isOnePart || files.contains { $0.folder.isEmpty } ? [""] : Set(files.map(\.folder)).sorted()
        var parts: [Catalogue.Part] = []
        for folder in folders {
            guard folder.isEmpty || (try? RelativePath(folder))?.text == folder, !folder.contains("#") else {
                throw .unusableName(folder)
            }
            parts.append(Catalogue.Part(name: folder.isEmpty ? nil : folder, images: try images(below: folder)))
        }
        return parts
    }

    /// Sorted by the bytes of their names.
    private func images(below folder: String) throws(CataloguingError) -> [Catalogue.Image] {
        var files: [String: String] = [:]
        var images: [Catalogue.Image] = []
        for file in self.files where folder.isEmpty || file.folder == folder {
            guard let image = file.found(below: folder).image else { continue }
            if let first = files.updateValue(file.name, forKey: image.name) { throw .oneName(first, file.name) }
            guard (try? RelativePath(image.name))?.text == image.name else { throw .unusableName(image.name) }
            images.append(image)
        }
        return images.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
