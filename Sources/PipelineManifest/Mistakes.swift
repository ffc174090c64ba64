// SPDX-License-Identifier: Apache-2.0

/// The mistakes found so far in one manifest.
struct Mistakes {
    private struct Mistake: Equatable {
        let code: Diagnostic.Code
        let source: SourceText?
        let location: SourceLocation
        let message: String
        let details: [String]
        let hint: String?
    }

    /// Nobody reads more than this; what goes beyond is counted.
    private static let maximumCount = 300

    private var all: [Mistake] = []
    private var surplusCount = 0
    private var firstSurplus: SourceLocation?

    var isEmpty: Bool { all.isEmpty }

    /// Remembers a mistake once, however many stages refer to where it stands; `source` is the manifest itself where
    /// nothing else is named.
    mutating func add(
        _ code: Diagnostic.Code, at location: SourceLocation, in source: SourceText? = nil, _ message: String,
        details: [String] = [], hint: String? = nil
    ) {
        let mistake = Mistake(
            code: code, source: source, location: location, message: message, details: details, hint: hint)
        guard !all.contains(mistake) else { return }
        guard all.count < Self.maximumCount else {
            surplusCount += 1
            firstSurplus = firstSurplus ?? location
            return
        }
        all.append(mistake)
    }

    /// What is thrown, with excerpts from `text`; nil where nothing is wrong.
    func diagnostics(in manifest: SourceText, _ text: YAMLText) -> Diagnostics? {
        guard !all.isEmpty else { return nil }
        var lines: [Int: String] = [:]
        return Diagnostics(
            (all + surplus).map { mistake in
                let line = mistake.location.line
                let excerpt = mistake.source?.text ?? lines[line] ?? text.line(line)
                if mistake.source == nil { lines[line] = excerpt }
                return Diagnostic(
                    mistake.code, file: (mistake.source ?? manifest).file, at: mistake.location, excerpt: excerpt,
                    mistake.message, details: mistake.details, hint: mistake.hint)
            })
    }

    private var surplus: [Mistake] {
        guard let firstSurplus else { return [] }
        return [
            Mistake(
                code: .invalidYAML, source: nil, location: firstSurplus,
                message: "\(surplusCount) more mistakes are not shown", details: [], hint: nil)
        ]
    }
}
