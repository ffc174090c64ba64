// SPDX-License-Identifier: Apache-2.0

import Evaluation

/// Deviations in the XML of JUnit, which CI services show: a test case for each claim.
///
/// What deviates has failed; what is not comparable or not measured was skipped, with its reason.
package struct JUnitReport: Hashable, Sendable {
    /// The name of the pipeline.
    package let suite: String
    package let deviations: [ReportedDeviation]

    package init(suite: String, deviations: [ReportedDeviation]) {
        self.suite = suite
        self.deviations = deviations
    }

    package var xml: String {
        let failures = deviations.count { $0.deviation.verdict == .deviates }
        let skipped = deviations.count { [.notComparable, .notMeasured].contains($0.deviation.verdict) }
        let counts = #"tests="\#(deviations.count)" failures="\#(failures)" errors="0" skipped="\#(skipped)""#
        let lines =
            [
                #"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites \(counts)>",
                #"  <testsuite name="\#(xmlEscaped(suite))" \#(counts)>"#,
            ] + deviations.flatMap(testCase) + ["  </testsuite>", "</testsuites>"]
        return lines.map { $0 + "\n" }.joined()
    }

    private func testCase(_ reported: ReportedDeviation) -> [String] {
        let figure = reported.figure
        let place = "\(suite).\(figure.dataset).x\(figure.scale)"
        let words = xmlEscaped(sentence(reported))
        let outcome =
            switch reported.deviation.verdict {
            case .match, .within, .exceeds: "<system-out>\(words)</system-out>"
            case .deviates: #"<failure type="deviates" message="\#(words)"/>"#
            case .notComparable, .notMeasured: #"<skipped message="\#(words)"/>"#
            }
        return [
            #"    <testcase classname="\#(xmlEscaped(place))" name="\#(xmlEscaped(figure.id))">"#, "      \(outcome)",
            "    </testcase>",
        ]
    }

    /// Verdict, subject, numbers and reason on one line.
    ///
    ///     match: PSNR dB of 'fsrcnn' on 'Set5' x3 under 'y-double': paper 33.06 (Table 3), here 33.06, difference 0.00
    private func sentence(_ reported: ReportedDeviation) -> String {
        let figure = reported.figure
        let subject =
            "\(figure.metric.label) of '\(figure.model)' on '\(figure.dataset)' x\(figure.scale)"
            + " under '\(figure.protocolName)'"
        var numbers = ["paper \(figure.printed)" + (reported.place.map { " (\($0))" } ?? "")]
        if let here = reported.here { numbers.append("here \(here)") }
        if let difference = reported.difference { numbers.append("difference \(difference)") }
        let reason = reported.explanation.map { "; \($0)" } ?? ""
        return "\(reported.deviation.verdict.rawValue): \(subject): \(numbers.joined(separator: ", "))\(reason)"
    }
}
