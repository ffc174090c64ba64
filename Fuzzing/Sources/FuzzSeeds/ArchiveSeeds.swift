// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage

/// Archives of no file, of some, and of one whose name needs an extended header.
func archiveSeeds(in folder: String) throws -> [(name: String, bytes: [UInt8])] {
    let long = String(repeating: "long\u{e9}/", count: 30) + "file"
    let archives: [(name: String, files: [(name: String, bytes: [UInt8])])] = [
        ("none", []), ("one", [("a", [1, 2, 3])]), ("long", [(long, [7])]),
        ("some", [("empty", []), ("f/a", Array(repeating: 9, count: 513)), ("f/b", Array("text\n".utf8))]),
    ]
    let path = FilePath(folder).appending("archive.tar")
    return try archives.map { archive in
        try ArchiveWriter.write(archive.files.map { ArchiveInput(name: $0.name, content: .bytes($0.bytes)) }, to: path)
        defer { try? Files.remove(path) }
        return (archive.name, try Files.bytes(of: path))
    }
}
