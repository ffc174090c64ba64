// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The compiler accepts an import that another target happens to bring along; this test does not.
struct ImportTests {
    @Test func `every import is in the table of the architecture, and every entry of the table is used`() throws {
        let table = try RoomTable(of: Project.text("docs/ARCHITECTURE.md"))
        for (target, allowed) in table.rooms {
            let imports = try Project.imports(ofTarget: target)
            #expect(imports == allowed, "target \(target)")
        }
        #expect(table.rooms.count >= 12, "the table was not read")
    }

    @Test func `the table names every target of the package`() throws {
        let table = try RoomTable(of: Project.text("docs/ARCHITECTURE.md"))
        let folders = try FileManager.default.contentsOfDirectory(atPath: Project.root.path + "/Sources")
            .filter { !$0.hasPrefix(".") }
        #expect(Set(folders) == Set(table.rooms.keys).union(table.withoutSwift))
    }

    @Test func `an import that the table does not list is noticed`() {
        let imports = Project.imports(inSource: "import Yams\npackage import ContentStore\n// import Nothing\n")
        #expect(imports == ["Yams", "ContentStore"])
    }
}

/// The table of rooms in docs/ARCHITECTURE.md.
struct RoomTable {
    private(set) var rooms: [String: Set<String>] = [:]
    /// Targets of C and of system libraries.
    private(set) var withoutSwift: Set<String> = []

    init(of text: String) throws {
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, cells[0] != "target", cells[1].contains(";") else { continue }
            let imports = cells[1].split(whereSeparator: { $0 == "," || $0 == ";" })
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                    $0 != "-" && !$0.hasPrefix("lib") && $0 != "zlib"
                }
            for target in cells[0].split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                if target.hasPrefix("C"), target != "ContentStore" {
                    withoutSwift.insert(target)
                } else {
                    rooms[target] = Set(imports)
                }
            }
        }
    }
}

/// The files of this project.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The platform's own, free to all.
    private static let platform: Set<String> = ["Glibc", "Musl", "Darwin", "Synchronization", "Dispatch"]

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func files(below folder: String, ending: String) throws -> [URL] {
        let enumerator = FileManager.default.enumerator(
            at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        return (enumerator?.allObjects as? [URL] ?? []).filter { $0.lastPathComponent.hasSuffix(ending) }
            .sorted { $0.path < $1.path }
    }

    static func imports(ofTarget target: String) throws -> Set<String> {
        try files(below: "Sources/\(target)", ending: ".swift").reduce(into: []) { all, file in
            all.formUnion(imports(inSource: try String(contentsOf: file, encoding: .utf8)))
        }
    }

    static func imports(inSource text: String) -> Set<String> {
        let words = text.split(separator: "\n").compactMap { line -> String? in
            let parts = line.split(separator: " ")
            guard let index = parts.firstIndex(of: "import"), index <= 1, parts.count == index + 2,
                index == 0 || ["package", "public", "internal", "private", "fileprivate"].contains(parts[0])
            else { return nil }
            return String(parts[index + 1])
        }
        return Set(words).subtracting(platform)
    }
}
