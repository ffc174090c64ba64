// SPDX-License-Identifier: Apache-2.0

/// A pattern for the names of files and images.
///
/// `*` stands for any characters but `/`, `?` for one of them, `**/` for any folders, and `**` as the last part for all
/// that lies below. A pattern without `/` is matched
/// with the last part of a name, so that `*.png` finds images in every folder.
package struct FilePattern: Hashable, Sendable {
    private enum Element: Hashable {
        case scalar(Unicode.Scalar)
        /// `?`
        case anyScalar
        /// `*`
        case anyScalars
        /// `**/`
        case anyFolders
    }

    private let elements: [Element]
    private let matchesLastPartOnly: Bool

    package init(_ text: String) {
        elements = FilePattern.elements(of: Array(text.unicodeScalars)[...])
        matchesLastPartOnly = !text.utf8.contains(UInt8(ascii: "/"))
    }

    package func matches(_ name: String) -> Bool {
        // By bytes and scalars throughout: a slash and an accent after it are one character.
        let last = name.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
        let subject = matchesLastPartOnly ? last ?? name : name
        // What the elements up to each one can have matched, a scalar of the name after the other: no pattern takes
        // longer than its own length times the name's.
        var reached = [Bool](repeating: false, count: elements.count + 1)
        reached[0] = true
        skip(&reached, isAtPart: true)
        for scalar in subject.unicodeScalars {
            reached = advanced(reached, over: scalar)
            skip(&reached, isAtPart: scalar == "/")
        }
        return reached[elements.count]
    }

    /// Whether a text would be a pattern, not the name of one file.
    package static func isPattern(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    }

    /// The parts before the first that has a wildcard, or the whole text where none has; empty where the first has.
    package static func fixedFolder(of text: String) -> String {
        text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.prefix { !isPattern($0) }
            .joined(separator: "/")
    }

    private static func elements(of text: ArraySlice<Unicode.Scalar>) -> [Element] {
        var elements: [Element] = []
        var rest = text
        while let first = rest.first {
            if rest.starts(with: "**/".unicodeScalars) {
                elements.append(.anyFolders)
                rest = rest.dropFirst(3)
                continue
            }
            if rest.elementsEqual("**".unicodeScalars), elements.last.map({ $0 == .scalar("/") }) ?? true {
                return elements + [.anyFolders, .anyScalars]
            }
            switch first {
            case "*": elements.append(.anyScalars)
            case "?": elements.append(.anyScalar)
            default: elements.append(.scalar(first))
            }
            rest = rest.dropFirst()
        }
        return elements
    }

    /// Where matching can stand after one more scalar.
    private func advanced(_ reached: [Bool], over scalar: Unicode.Scalar) -> [Bool] {
        var next = [Bool](repeating: false, count: reached.count)
        for (index, element) in elements.enumerated() where reached[index] {
            switch element {
            case .scalar(let wanted): if scalar == wanted { next[index + 1] = true }
            case .anyScalar: if scalar != "/" { next[index + 1] = true }
            case .anyScalars: if scalar != "/" { next[index] = true }
            case .anyFolders: next[index] = true
            }
        }
        return next
    }

    /// Passes over elements that may stand for nothing; folders end where a part of the name begins.
    private func skip(_ reached: inout [Bool], isAtPart: Bool) {
        for (index, element) in elements.enumerated() where reached[index] {
            switch element {
            case .anyScalars: reached[index + 1] = true
            case .anyFolders: if isAtPart { reached[index + 1] = true }
            default: continue
            }
        }
    }
}
