// SPDX-License-Identifier: Apache-2.0

import Yams

/// A text that is no YAML, said in words for someone who does not know the parser.
struct YAMLComplaint {
    private let location: SourceLocation
    private let message: String
    private let hint: String?

    init(_ error: YamlError, in text: YAMLText) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self.init(problem, context, mark, text)
        case .duplicatedKeysInMapping(let names, let context):
            let offset = text.offset(line: context.mark.line, column: context.mark.column)
            self.init(
                "key \(quoted(names.first ?? "")) is given again in the same mapping",
                at: text.openingLocation(at: offset), hint: "each key stands once")
        case .reader(_, let offset, _, _):
            self.init(unreadableAfter: offset, text)
        default:
            self.init("this text cannot be read as YAML", at: text.start, hint: nil)
        }
    }

    func add(to mistakes: inout Mistakes) {
        mistakes.add(.invalidYAML, at: location, message, hint: hint)
    }

    private init(_ message: String, at location: SourceLocation, hint: String?) {
        self.message = message
        self.location = location
        self.hint = hint
    }

    /// The YAML parser's offset of a character it cannot take is that of a character of the text; where it has none,
    /// the first such character is looked up.
    private init(unreadableAfter offset: Int?, _ text: YAMLText) {
        let place = text.scalars.firstIndex { Self.isUnreadable($0) } ?? offset ?? 0
        self.init(
            "the text holds a control character", at: text.location(at: place, count: 1),
            hint: "inside double quotes such a character can be written as an escape, for example \"\\x07\"")
    }

    private init(_ problem: String, _ context: YamlError.Context?, _ mark: Mark, _ text: YAMLText) {
        let problemOffset = text.offset(line: mark.line, column: mark.column)
        let contextOffset = context.map { text.offset(line: $0.mark.line, column: $0.mark.column) }
        let offending = problemOffset < text.scalars.count ? text.scalars[problemOffset] : nil
        let words = Self.words(for: problem, context?.text ?? "", at: offending)
        let offset = words.isAtContext ? contextOffset ?? problemOffset : problemOffset
        self.init(words.message, at: text.location(at: offset, count: 1), hint: words.hint)
    }

    private struct Words {
        let message: String
        let hint: String?
        /// Whether the place to look at is where the construct begins, not where the parser gave up.
        var isAtContext = false

        init(_ message: String, hint: String? = nil, isAtContext: Bool = false) {
            self.message = message
            self.hint = hint
            self.isAtContext = isAtContext
        }
    }

    private static func words(for problem: String, _ context: String, at offending: Unicode.Scalar?) -> Words {
        switch problem {
        case "found character that cannot start any token" where offending == "\t",
            "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            Words("a tab stands where YAML wants spaces", hint: "indent with spaces")
        case "found character that cannot start any token":
            Words("nothing can start with this character", hint: "put the text in quotes")
        case "mapping values are not allowed in this context":
            Words(
                "a ':' stands where no key can end",
                hint: "check the indentation, or put a text that holds ': ' in quotes")
        case "could not find expected ':'":
            Words("a key without ':'", hint: "write 'key: value'", isAtContext: true)
        case "did not find expected key":
            Words("a key was expected here", hint: "check the indentation and the quotes of the lines above")
        case "did not find expected '-' indicator":
            Words("a '-' was expected here", hint: "check the indentation of the list")
        case "block sequence entries are not allowed in this context":
            Words("a list cannot start here", hint: "start it on a line of its own, or write [a, b]")
        case "mapping keys are not allowed in this context":
            Words("a key cannot start here", hint: "put a text that starts with '?' in quotes")
        case "found unexpected end of stream", "found unexpected document indicator":
            Words("a quoted text that starts here is never closed", isAtContext: true)
        case "did not find expected ',' or ']'":
            Words("the list that starts here is never closed, or lacks a ','", isAtContext: true)
        case "did not find expected ',' or '}'":
            Words("the mapping that starts here is never closed, or lacks a ','", isAtContext: true)
        case "did not find expected alphabetic or numeric character":
            Words(
                "a text cannot start with '*' or '&'", hint: "put the text in quotes", isAtContext: true)
        case "did not find expected node content":
            Words("a value was expected here")
        case "found unknown escape character", "did not find expected hexdecimal number",
            "found invalid Unicode character escape code":
            Words(
                "a backslash that YAML does not know", hint: "inside single quotes a backslash is an ordinary character"
            )
        case "but found another document":
            Words("a second document starts here", hint: "a manifest is one document: remove the line '---'")
        case "found unknown directive name", "found incompatible YAML document",
            "did not find expected <document start>":
            Words("the start of a document was expected here")
        default:
            problem.hasPrefix("Maximum nesting level reached")
                ? Words("lists and mappings lie more than \(YAMLReader.maximumDepth) deep here")
                : Words("this is no YAML\(context.isEmpty ? "" : " (\(context))"): \(problem)")
        }
    }

    /// Whether YAML has no place for this character.
    private static func isUnreadable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: false
        case 0xFEFF, 0x10000...0x10FFFF: false
        default: true
        }
    }
}
