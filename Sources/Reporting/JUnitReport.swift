// SPDX-License-Identifier: Apache-2.0

package import Evaluation

/// Verdicts as JUnit XML, a test case a claim: what deviates has failed, what cannot be compared was skipped.
package struct JUnitReport: Hashable, Sendable {
    private let name: String
    private let deviations: [Deviation]

    package init(name: String, deviations: [Deviation]) {
        self.name = name
        self.deviations = deviations
    }

    package var xml: String {
        let failures = deviations.filter { $0.verdict == .deviates }.count
        let skipped = deviations.filter { $0.isSkipped }.count
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuite name=\"\(xmlEscaped(name))\" tests=\"\(deviations.count)\" failures=\"\(failures)\" "
        text += "skipped=\"\(skipped)\">\n"
        for deviation in deviations { text += testCase(deviation) }
        return text + "</testsuite>\n"
    }

    private func testCase(_ deviation: Deviation) -> String {
        let figure = deviation.figure
        let head = "  <testcase classname=\"\(xmlEscaped(name))\" name=\"\(xmlEscaped(figure.id))\""
        let here = deviation.here.map { $0.formatted(decimals: figure.decimals + 2) } ?? "not measured"
        let message = "\(figure.model) \(figure.metric.rawValue) on \(figure.dataset) x\(figure.scale) "
            + "(\(figure.protocolName)): paper \(figure.printed), here \(here)"
        switch deviation.verdict {
        case .deviates: return head + ">\n    <failure message=\"\(xmlEscaped(message))\"/>\n  </testcase>\n"
        case .notComparable, .notMeasured:
            let skip = "\(deviation.verdict.rawValue): \(deviation.reason)"
            return head + ">\n    <skipped message=\"\(xmlEscaped(skip))\"/>\n  </testcase>\n"
        case .match, .within, .exceeds: return head + "/>\n"
        }
    }
}

extension Deviation {
    fileprivate var isSkipped: Bool { verdict == .notComparable || verdict == .notMeasured }
}
