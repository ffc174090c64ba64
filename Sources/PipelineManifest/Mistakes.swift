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
        /// Where it was found in an instance of a stage: in which of them.
        var tally: InstanceTally?

        func says(_ other: Mistake) -> Bool {
            code == other.code && source == other.source && location == other.location && message == other.message
                && details == other.details && hint == other.hint
        }
    }

    private struct Place: Hashable {
        let code: Diagnostic.Code
        let location: SourceLocation
    }

    /// Nobody reads more than this; what goes beyond is counted.
    private static let maximumCount = 300

    private var all: [Mistake] = []
    private var surplusCount = 0
    private var firstSurplus: SourceLocation?
    /// The instance that is read, and how many there are of its stage.
    private var instance: (name: String, count: Int)?
    /// Where the mistakes of the stage that is read stand in `all`.
    private var positions: [Place: [Int]] = [:]

    var count: Int { all.count + surplusCount }

    /// What is added from now on belongs to one of `count` instances of a stage: what several of them make is one
    /// mistake, with the name of the first unless all make it.
    mutating func beginInstance(_ name: String, of count: Int) {
        instance = (name, count)
    }

    mutating func endInstances() {
        instance = nil
        positions = [:]
    }

    /// Remembers a mistake once, however many stages refer to where it stands; `source` is the manifest itself where
    /// nothing else is named.
    mutating func add(
        _ code: Diagnostic.Code, at location: SourceLocation, in source: SourceText? = nil, _ message: String,
        details: [String] = [], hint: String? = nil
    ) {
        let mistake = Mistake(
            code: code, source: source, location: location, message: message, details: details, hint: hint,
            tally: instance.map { InstanceTally(first: $0.name, of: $0.count) })
        guard !isKnown(mistake) else { return }
        guard all.count < Self.maximumCount else {
            surplusCount += 1
            firstSurplus = firstSurplus ?? location
            return
        }
        if instance != nil { positions[Place(code: code, location: location), default: []].append(all.count) }
        all.append(mistake)
    }

    /// What is thrown, with excerpts from the files that the places are in; nil where nothing is wrong.
    func diagnostics(in files: [ReadFile]) -> Diagnostics? {
        guard !all.isEmpty else { return nil }
        var lines: [SourceLocation: String] = [:]
        return Diagnostics(
            (all + surplus).map { mistake in
                let file = files[mistake.location.file]
                let line = SourceLocation(line: mistake.location.line, column: 1, file: mistake.location.file)
                let excerpt = mistake.source?.text ?? lines[line] ?? file.text.line(line.line)
                if mistake.source == nil { lines[line] = excerpt }
                return Diagnostic(
                    mistake.code, file: (mistake.source ?? file.source).file, at: mistake.location, excerpt: excerpt,
                    mistake.message, details: mistake.details + (mistake.tally?.details ?? []), hint: mistake.hint)
            })
    }

    private mutating func isKnown(_ mistake: Mistake) -> Bool {
        guard let instance else { return all.contains { $0.says(mistake) } }
        let known = positions[Place(code: mistake.code, location: mistake.location)] ?? []
        if let position = known.first(where: { all[$0].says(mistake) }) {
            all[position].tally?.count(instance.name, isSame: true)
            return true
        }
        // What reads otherwise in another instance, such as a value, is the same mistake.
        if let position = known.first(where: { all[$0].tally?.last != instance.name }) {
            all[position].tally?.count(instance.name, isSame: false)
            return true
        }
        return all.contains { $0.tally == nil && $0.says(mistake) }
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
