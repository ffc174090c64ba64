// SPDX-License-Identifier: Apache-2.0

/// The mistakes found so far in one manifest.
struct Mistakes {
    private struct Mistake {
        let code: Diagnostic.Code
        let source: SourceText?
        let location: SourceLocation
        let message: String
        let details: [String]
        let hint: String?
    }

    private var all: [Mistake] = []

    var isEmpty: Bool { all.isEmpty }

    /// `source` is the manifest itself where nothing else is named.
    mutating func add(
        _ code: Diagnostic.Code, at location: SourceLocation, in source: SourceText? = nil, _ message: String,
        details: [String] = [], hint: String? = nil
    ) {
        all.append(
            Mistake(
                code: code, source: source, location: location, message: message, details: details, hint: hint))
    }

    /// What is thrown; the excerpts of the manifest come from `text`. Nil where nothing is wrong.
    func diagnostics(in manifest: SourceText, _ text: YAMLText) -> Diagnostics? {
        guard !all.isEmpty else { return nil }
        return Diagnostics(
            all.map { mistake in
                Diagnostic(
                    mistake.code, file: (mistake.source ?? manifest).file, at: mistake.location,
                    excerpt: mistake.source?.text ?? text.line(mistake.location.line), mistake.message,
                    details: mistake.details, hint: mistake.hint)
            })
    }
}
