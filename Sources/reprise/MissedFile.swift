// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage

/// A file of the project that a failed command looked for and was not given, by what it printed.
struct MissedFile {
    /// Relative to the folder that the stage's code is named from.
    let name: String

    /// - Parameters:
    ///   - lines: what the command printed.
    ///   - given: the names of the code that it was given.
    ///   - folder: where its code is named from.
    init?(in lines: [String], besides given: Set<String>, below folder: FilePath) {
        let names = lines.flatMap { Self.modules(in: $0) + Self.files(in: $0) }
        let missed = names.first { name in
            guard !given.contains(name), let path = try? Files.status(folder.pushing(FilePath(name))) else {
                return false
            }
            return path.kind == .file
        }
        guard let missed else { return nil }
        name = missed
    }

    /// The files in which Python looks for a module that it did not find.
    private static func modules(in line: String) -> [String] {
        guard let range = line.firstRange(of: "ModuleNotFoundError: No module named ") else { return [] }
        let module = line[range.upperBound...].filter { $0 != "'" && $0 != "\"" }
        let path = String(module.map { $0 == "." ? "/" : $0 })
        return ["\(path).py", "\(path)/__init__.py"].filter(isInside)
    }

    /// Every word that may be the name of the file that was not there.
    private static func files(in line: String) -> [String] {
        guard
            line.contains("No such file or directory") || line.hasSuffix("not found")
                || line.contains("cannot open") || line.contains("can't open")
        else { return [] }
        let words = line.split { $0.isWhitespace || "'\"`:,;()[]‘’".contains($0) }.map(String.init)
        return words.map { word in
            // An absolute path into the folder in which the command ran.
            let relative = word.firstRange(of: "/command/").map { String(word[$0.upperBound...]) } ?? word
            return relative.hasPrefix("./") ? String(relative.dropFirst(2)) : relative
        }.filter(isInside)
    }

    private static func isInside(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..") && !name.contains("\0")
    }
}
