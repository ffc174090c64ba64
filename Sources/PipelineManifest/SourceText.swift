// SPDX-License-Identifier: Apache-2.0

/// The text of one manifest with the name under which it was read, as diagnostics quote both.
package struct SourceText: Hashable, Sendable {
    /// As the user named it, for example `pipelines/fsrcnn/x3.yml`.
    package let file: String
    package let text: String
    /// What it includes, directly or not, each file once; these have none of their own.
    package let included: [SourceText]

    package init(file: String, text: String, included: [SourceText] = []) {
        self.file = file
        self.text = text
        self.included = included
    }

    /// The file that a place is in: this one, or one that it includes.
    package func file(at location: SourceLocation) -> SourceText {
        location.file > 0 && location.file <= included.count ? included[location.file - 1] : self
    }

    /// The line with the given number, counted from 1, without its line ending; empty past the end.
    package func line(_ number: Int) -> String {
        var current = 1
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if current == number { return String(line) }
            current += 1
        }
        return ""
    }
}

/// A stretch of one line of a source text; line and column count from 1, in characters.
package struct SourceLocation: Hashable, Sendable, Comparable {
    /// 0 in the manifest itself, else the number of the included file, from 1.
    package let file: Int
    package let line: Int
    package let column: Int
    /// How many characters the caret underlines, at least 1.
    package let length: Int

    package init(line: Int, column: Int, length: Int = 1, file: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
        self.length = max(1, length)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line, left.column, left.length) < (right.file, right.line, right.column, right.length)
    }
}

/// A value together with the place where the author wrote it.
package struct Located<Value> {
    package var value: Value
    package let location: SourceLocation

    package init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
extension Located: Sendable where Value: Sendable {}
