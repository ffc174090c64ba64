// SPDX-License-Identifier: Apache-2.0

/// How a manifest names a catalogue, or a part of one: `../../data/T91.yml`, `../../data/Set5.yml#x2/HR`.
package struct CatalogueReference: Hashable, Sendable, CustomStringConvertible {
    /// Relative to the manifest's folder, or absolute.
    package let file: String
    /// Nil where the catalogue has only one part.
    package let part: String?

    package init(file: String, part: String?) {
        self.file = file
        self.part = part
    }

    /// What stands before and after the last `#`; nil where either is empty.
    package init?(_ text: String) {
        let pieces = text.split(separator: "#", omittingEmptySubsequences: false)
        guard let last = pieces.last, !last.isEmpty else { return nil }
        guard pieces.count > 1 else {
            self.init(file: text, part: nil)
            return
        }
        let file = pieces.dropLast().joined(separator: "#")
        guard !file.isEmpty else { return nil }
        self.init(file: file, part: String(last))
    }

    package var description: String { part.map { "\(file)#\($0)" } ?? file }
}
