// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// A name by its bytes: one with an accented letter and one with a letter and an accent are equal as texts, and two
/// names to files and documents.
struct ByteName: Hashable, Comparable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    static func < (left: Self, right: Self) -> Bool { left.text.precedes(right.text) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension Sequence<String> {
    /// Each of them once.
    var byteNames: Set<ByteName> { Set(map { ByteName($0) }) }
}
