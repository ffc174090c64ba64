// SPDX-License-Identifier: Apache-2.0

/// What a manifest gets for a file that it includes.
package enum IncludedText: Sendable {
    case text(String)
    case missing
    /// Why not, in lower case and without a full stop.
    case unreadable(String)
}

/// A file that is read: the manifest, or one that it includes.
struct ReadFile {
    /// With the path under which the user can find it.
    let source: SourceText
    let text: YAMLText
    /// Where it lies, relative to the manifest's folder; empty where that is it.
    let folder: String

    init(_ source: SourceText, folder: String = "", number: Int = 0) {
        self.source = source
        self.text = YAMLText(source.text, file: number)
        self.folder = folder
    }

    /// A path that the file names relative to its own folder, relative to the manifest's.
    func path(of path: String) -> String { Self.joined(folder, path) }

    /// The path seen from a folder, without `.` and, where that can be, without `..`.
    static func joined(_ folder: String, _ path: String) -> String {
        if folder.isEmpty || path.hasPrefix("/") { return path }
        return normalized("\(folder)/\(path)")
    }

    static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !path.hasPrefix("/") {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// What comes before the last `/`; empty where there is none.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { path[...$0] == "/" ? "/" : String(path[..<$0]) } ?? ""
    }
}
