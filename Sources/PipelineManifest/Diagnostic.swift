// SPDX-License-Identifier: Apache-2.0

/// One thing wrong at one place of a manifest or a catalogue, in words its author can act on.
package struct Diagnostic: Error, Hashable, Sendable {
    /// A stable name for the kind of mistake, for tools that read `validate --json`.
    package enum Code: String, Hashable, Sendable {
        case invalidYAML = "invalid-yaml"
        case unsupportedSchema = "unsupported-schema"
        case unknownKey = "unknown-key"
        case duplicateKey = "duplicate-key"
        case missingKey = "missing-key"
        case wrongType = "wrong-type"
        case wrongValue = "wrong-value"
        case unknownTool = "unknown-tool"
        case unknownSetting = "unknown-setting"
        case missingSetting = "missing-setting"
        case unknownInput = "unknown-input"
        case missingInput = "missing-input"
        case unresolvedReference = "unresolved-reference"
        case wrongFormat = "wrong-format"
        case cycle = "cycle"
        case producedTwice = "produced-twice"
        case learnsFromTest = "learns-from-test"
        case invalidPath = "invalid-path"
        case missingSource = "missing-source"
        case emptySource = "empty-source"
        case unreadableSource = "unreadable-source"
        case unknownPart = "unknown-part"
        case uncheckedCatalogue = "unchecked-catalogue"
        case probeFailed = "probe-failed"
        case stageFailed = "stage-failed"
    }

    package let code: Code
    package let file: String
    package let location: SourceLocation
    /// The manifest's line at `location`.
    package let excerpt: String
    /// Lower case, no full stop, the user's own words in single quotes.
    package let message: String
    /// Facts that belong to the message, one a line, for example the path from a test set to a learner.
    package let details: [String]
    package let hint: String?

    package init(
        _ code: Code, in source: SourceText, at location: SourceLocation, _ message: String,
        details: [String] = [], hint: String? = nil
    ) {
        let text = source.file(at: location)
        self.init(
            code, file: text.file, at: location, excerpt: text.line(location.line), message, details: details,
            hint: hint)
    }

    /// For a line that is at hand already.
    package init(
        _ code: Code, file: String, at location: SourceLocation, excerpt: String, _ message: String,
        details: [String], hint: String?
    ) {
        self.code = code
        self.file = file
        self.location = location
        self.excerpt = excerpt
        self.message = message
        self.details = details
        self.hint = hint
    }
}

/// Every mistake found in one manifest, and in the catalogues that it names, in the order of their places; never empty.
package struct Diagnostics: Error, Hashable, Sendable {
    package let all: [Diagnostic]

    package init(_ all: [Diagnostic]) {
        self.init(ofFiles: [all])
    }

    /// Those of several files, one file after the other.
    package init(ofFiles files: [[Diagnostic]]) {
        self.all = files.flatMap { file in
            file.sorted { ($0.location, $0.message) < ($1.location, $1.message) }
        }
        precondition(!self.all.isEmpty, "diagnostics are thrown only when something is wrong")
    }
}
