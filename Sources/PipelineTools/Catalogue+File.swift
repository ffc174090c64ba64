// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import PipelineManifest
package import SystemPackage

extension Catalogue {
    /// The catalogue in a file.
    ///
    /// - Throws: every mistake in it.
    package init(readingFrom path: FilePath) throws(CatalogueFileError) {
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try Files.bytes(of: path, limit: Self.maximumByteCount)
        } catch {
            throw CatalogueFileError.unreadable("\(error)")
        }
        try self.init(parsing: bytes, of: path)
    }

    /// The catalogue in a file's bytes.
    ///
    /// - Throws: every mistake in it.
    package init(parsing bytes: [UInt8], of path: FilePath) throws(CatalogueFileError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw CatalogueFileError.noText(path) }
        do throws(Diagnostics) {
            self = try Self.parse(SourceText(file: path.string, text: text))
        } catch {
            throw .mistaken(error)
        }
    }
}

/// A file that cannot be read as a catalogue.
package enum CatalogueFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(String)
    case noText(FilePath)
    case mistaken(Diagnostics)

    package var description: String {
        switch self {
        case .unreadable(let cause): cause
        case .noText(let path): "the catalogue '\(path)' is not text in UTF-8"
        case .mistaken(let diagnostics):
            diagnostics.all.map { "\($0.file):\($0.location.line): \($0.message)" }.joined(separator: "; ")
        }
    }
}
