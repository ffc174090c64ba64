// SPDX-License-Identifier: Apache-2.0

/// Which kind of text is read, as far as its form and the words about it depend on that.
struct DocumentKind {
    static let manifest = DocumentKind(
        name: "manifest", schemaKey: "reprise", schemaVersion: Manifest.schemaVersion,
        maximumByteCount: Manifest.maximumByteCount,
        beginningHint: "start with 'reprise: \(Manifest.schemaVersion)' and 'stages:'",
        anchorHint: "name the value under 'settings' and write ${name}, or put the text in quotes")

    static let catalogue = DocumentKind(
        name: "catalogue", schemaKey: "catalogue", schemaVersion: Catalogue.schemaVersion,
        maximumByteCount: Catalogue.maximumByteCount,
        beginningHint: "'reprise data catalogue FOLDER' prints the catalogue of a folder",
        anchorHint: "put the text in quotes")

    /// To be read after 'a' and 'the': `manifest`.
    let name: String
    /// The key under which the version of the form stands.
    let schemaKey: String
    /// The version of the form that is read.
    let schemaVersion: Int
    /// No text is longer, in bytes of UTF-8.
    let maximumByteCount: Int
    /// What to do about a text without anything in it.
    let beginningHint: String
    /// What to do about an anchor or an alias.
    let anchorHint: String
}
