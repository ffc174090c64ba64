// SPDX-License-Identifier: Apache-2.0

/// A path inside a folder: not absolute, without `..`; `.` and doubled slashes are dropped.
package struct RelativePath: Hashable {
    package enum Fault: Error, Hashable {
        case empty
        case absolute
        case leavesFolder
        case unusable(Character)
    }

    package let text: String

    package init(_ path: String) throws(Fault) {
        if let character = path.first(where: { visibleForm(of: $0) != String($0) }) { throw .unusable(character) }
        if path.hasPrefix("/") { throw .absolute }
        let parts = path.split(separator: "/").filter { $0 != "." }
        if parts.isEmpty { throw .empty }
        if parts.contains("..") { throw .leavesFolder }
        self.text = parts.joined(separator: "/")
    }

    /// Whether one of the two is the other, or a folder that holds it.
    package func overlaps(_ other: RelativePath) -> Bool {
        text == other.text || text.hasPrefix(other.text + "/") || other.text.hasPrefix(text + "/")
    }
}
