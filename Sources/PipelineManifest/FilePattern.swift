// SPDX-License-Identifier: Apache-2.0

/// A pattern for the names of files and images.
///
/// `*` stands for any characters but `/`, `?` for one of them, `**/` for any folders. A pattern without `/` is matched
/// with the last part of a name, so that `*.png` finds images in every folder.
package struct FilePattern: Hashable, Sendable {
    private let pattern: [Unicode.Scalar]
    private let matchesLastPartOnly: Bool

    package init(_ text: String) {
        pattern = Array(text.unicodeScalars)
        matchesLastPartOnly = !text.contains("/")
    }

    package func matches(_ name: String) -> Bool {
        let subject = matchesLastPartOnly ? name.split(separator: "/").last.map(String.init) ?? name : name
        return matches(pattern[...], Array(subject.unicodeScalars)[...])
    }

    private func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ name: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if pattern.starts(with: "**/".unicodeScalars) {
            let rest = pattern.dropFirst(3)
            if matches(rest, name) { return true }
            guard let slash = name.firstIndex(of: "/") else { return false }
            return matches(pattern, name[(slash + 1)...])
        }
        if first == "*" {
            if matches(pattern.dropFirst(), name) { return true }
            guard let next = name.first, next != "/" else { return false }
            return matches(pattern, name.dropFirst())
        }
        guard let next = name.first else { return false }
        guard first == next || (first == "?" && next != "/") else { return false }
        return matches(pattern.dropFirst(), name.dropFirst())
    }
}
