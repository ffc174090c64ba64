// SPDX-License-Identifier: Apache-2.0

/// How the content of a pipeline's stages stands to its lock, in the forms that people and CI services read.
package struct CheckReport: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case identical
        /// The same content, though something changed that did not matter.
        case rekeyed
        case differs
        /// It failed, or what it needs did.
        case failed
    }

    /// Where a stage stands.
    package struct Place: Hashable, Sendable {
        /// As messages name it.
        package let file: String
        /// From 1.
        package let line: Int

        package init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    package struct Stage: Hashable, Sendable {
        package let name: String
        package let verdict: Verdict
        /// What differs, then why and how far, a sentence each; empty for what is identical.
        package let words: [String]
        /// `nil` for a stage that only the lock has.
        package let place: Place?

        package init(name: String, verdict: Verdict, words: [String], place: Place?) {
            self.name = name
            self.verdict = verdict
            self.words = words
            self.place = place
        }
    }

    package let pipeline: String
    /// As messages name them.
    package let manifest: String
    package let lock: String
    /// In the graph's order.
    package let stages: [Stage]

    package init(pipeline: String, manifest: String, lock: String, stages: [Stage]) {
        self.pipeline = pipeline
        self.manifest = manifest
        self.lock = lock
        self.stages = stages
    }

    private func count(_ verdict: Verdict) -> Int { stages.count { $0.verdict == verdict } }

    private var first: Stage? { stages.first { $0.verdict == .differs } }

    package var isIdentical: Bool { count(.differs) == 0 && count(.failed) == 0 }

    /// For a terminal: the first stage that differs, with all that is known of it, and the names of the others.
    package var text: String {
        guard let first else {
            if count(.failed) > 0 { return "" }
            var text = "identical: \(stages.count) stages have the content of \(lock)\n"
            if count(.rekeyed) > 0 { text += "keys differ, though not the content: \(names(.rekeyed))\n" }
            return text
        }
        var lines = ["stage '\(first.name)' differs from \(lock): \(first.words.first ?? "")"]
        lines += first.words.dropFirst().map { "  " + $0 }
        let others = stages.filter { $0.verdict == .differs && $0.name != first.name }
        if !others.isEmpty {
            let names = others.map { "'\($0.name)'" }.joined(separator: ", ")
            lines.append("\(others.count) more \(others.count == 1 ? "differs" : "differ"): \(names)")
        }
        return lines.map { $0.onOneLine + "\n" }.joined()
    }

    private func names(_ verdict: Verdict) -> String {
        stages.filter { $0.verdict == verdict }.map { "'\($0.name)'" }.joined(separator: ", ")
    }

    /// A section with a table, for a job's summary.
    package var markdown: String {
        let title = "## \(markdownEscaped(pipeline)): "
        let head =
            if isIdentical {
                title + "identical\n\nAll \(stages.count) stages have the content of \(markdownEscaped(lock)).\n"
            } else if let first {
                title + "differs\n\nThe first stage that differs from \(markdownEscaped(lock)) is "
                    + "\(markdownEscaped(first.name)).\n"
            } else {
                title + "failed\n\nNot every stage has a result to compare with \(markdownEscaped(lock)).\n"
            }
        var table = TextTable([.init("stage"), .init("verdict"), .init("what")])
        for stage in stages {
            table.append([.init(stage.name), .init(stage.verdict.rawValue), .init(stage.words.joined(separator: "; "))])
        }
        return head + "\n" + table.markdown
    }

    /// JUnit's XML, a test case a stage.
    package var junit: String {
        let counts =
            #"tests="\#(stages.count)" failures="\#(count(.differs))" errors="\#(count(.failed))" skipped="0""#
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites \(counts)>",
            #"  <testsuite name="\#(xmlEscaped("check of " + pipeline))" \#(counts)>"#,
        ]
        for stage in stages {
            let name = #"classname="\#(xmlEscaped(pipeline))" name="\#(xmlEscaped(stage.name))""#
            let words = xmlEscaped(stage.words.joined(separator: "\n"))
            switch stage.verdict {
            case .identical: lines.append("    <testcase \(name)/>")
            case .rekeyed:
                lines += ["    <testcase \(name)>", "      <system-out>\(words)</system-out>", "    </testcase>"]
            case .differs:
                lines += [
                    "    <testcase \(name)>", #"      <failure type="differs" message="\#(words)"/>"#,
                    "    </testcase>",
                ]
            case .failed:
                lines += [
                    "    <testcase \(name)>", #"      <error type="failed" message="\#(words)"/>"#, "    </testcase>",
                ]
            }
        }
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.map { $0 + "\n" }.joined()
    }

    /// Lines that GitHub's runner shows at the manifest's lines.
    ///
    /// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    package var annotations: String {
        stages.filter { $0.verdict == .differs || $0.verdict == .failed }.map { stage in
            let named = stage.place?.file ?? manifest
            let file = named.hasPrefix("./") ? String(named.dropFirst(2)) : named
            let place = "file=\(annotationProperty(file))" + (stage.place.map { ",line=\($0.line)" } ?? "")
            let verb = stage.verdict == .differs ? "differs from \(lock)" : "failed"
            let title = annotationProperty("stage '\(stage.name)' \(verb)")
            return "::error \(place),title=\(title)::\(annotationText(stage.words.joined(separator: "\n")))\n"
        }.joined()
    }
}

/// The text as the message of a workflow command.
func annotationText(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case "%": escaped += "%25"
        case "\r": escaped += "%0D"
        case "\n": escaped += "%0A"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
}

/// The text as the value of a workflow command's property.
func annotationProperty(_ text: String) -> String {
    annotationText(text).unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case ":": escaped += "%3A"
        case ",": escaped += "%2C"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
}
