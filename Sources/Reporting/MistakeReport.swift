// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// The mistakes of a manifest in the forms that CI services read, where there was to be a comparison with a lock.
package struct MistakeReport: Hashable, Sendable {
    /// As the user named it: a manifest with mistakes may have no name.
    private let pipeline: String
    private let mistakes: Diagnostics

    package init(pipeline: String, mistakes: Diagnostics) {
        self.pipeline = pipeline
        self.mistakes = mistakes
    }

    /// A section with a table, for a job's summary.
    package var markdown: String {
        var table = TextTable([.init("place"), .init("mistake"), .init("hint")])
        for mistake in mistakes.all {
            table.append([.init(place(of: mistake)), .init(words(of: mistake)), .init(mistake.hint ?? "")])
        }
        return "## \(markdownEscaped(pipeline)): failed\n\n"
            + "The manifest has mistakes, so nothing was run or compared.\n\n" + table.markdown
    }

    /// JUnit's XML, a test case a mistake.
    package var junit: String {
        let counts = #"tests="\#(mistakes.all.count)" failures="0" errors="\#(mistakes.all.count)" skipped="0""#
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites \(counts)>",
            #"  <testsuite name="\#(xmlEscaped("check of " + pipeline))" \#(counts)>"#,
        ]
        for mistake in mistakes.all {
            let text = ([words(of: mistake)] + (mistake.hint.map { ["hint: \($0)"] } ?? [])).joined(separator: "\n")
            lines += [
                #"    <testcase classname="\#(xmlEscaped(pipeline))" name="\#(xmlEscaped(place(of: mistake)))">"#,
                #"      <error type="\#(mistake.code.rawValue)" message="\#(xmlEscaped(text))"/>"#, "    </testcase>",
            ]
        }
        lines += ["  </testsuite>", "</testsuites>"]
        return lines.map { $0 + "\n" }.joined()
    }

    /// Lines that GitHub's runner shows at the places of the mistakes.
    package var annotations: String {
        mistakes.all.map { mistake in
            let file = mistake.file.hasPrefix("./") ? String(mistake.file.dropFirst(2)) : mistake.file
            let place = [
                "file=\(annotationProperty(file))", "line=\(mistake.location.line)", "col=\(mistake.location.column)",
                "title=\(annotationProperty(mistake.code.rawValue))",
            ]
            let text = ([words(of: mistake)] + (mistake.hint.map { ["hint: \($0)"] } ?? [])).joined(separator: "\n")
            return "::error \(place.joined(separator: ","))::\(annotationText(text))\n"
        }.joined()
    }

    private func place(of mistake: Diagnostic) -> String {
        "\(mistake.file):\(mistake.location.line):\(mistake.location.column)"
    }

    private func words(of mistake: Diagnostic) -> String {
        ([mistake.message] + mistake.details).joined(separator: "\n")
    }
}
