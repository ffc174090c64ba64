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
        if path.utf8.first == UInt8(ascii: "/") { throw .absolute }
        // By its bytes, as the system takes it: a slash and an accent after it are one character.
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.filter { $0 != "." }
        if parts.isEmpty { throw .empty }
        if parts.contains("..") { throw .leavesFolder }
        self.text = parts.joined(separator: "/")
    }

    /// Whether one of the two is the other, or a folder that holds it.
    package func overlaps(_ other: RelativePath) -> Bool {
        text == other.text || text.utf8.starts(with: (other.text + "/").utf8)
            || other.text.utf8.starts(with: (text + "/").utf8)
    }
}
