// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

struct CheckReportTests {
    private static func report(_ stages: [CheckReport.Stage]) -> CheckReport {
        CheckReport(pipeline: "demo", manifest: "./a,b/p.yml", lock: "./a,b/p.lock", stages: stages)
    }

    private static let same = CheckReport.Stage(
        name: "read", verdict: .identical, words: [], place: .init(file: "./a,b/p.yml", line: 3))
    private static let rekeyed = CheckReport.Stage(
        name: "split", verdict: .rekeyed, words: ["its key differs: tool changed split 1 -> split 2"],
        place: .init(file: "./a,b/p.yml", line: 5))
    private static let differs = CheckReport.Stage(
        name: "train", verdict: .differs,
        words: ["its output 'model' has the content 1, the lock says 2", "its key is 100% <that> of the lock"],
        place: .init(file: "./a,b/p.yml", line: 7))
    private static let later = CheckReport.Stage(name: "gone", verdict: .differs, words: ["it is gone"], place: nil)
    private static let failed = CheckReport.Stage(
        name: "score", verdict: .failed, words: ["no memory"], place: .init(file: "more.yml", line: 9))

    @Test func `an identical pipeline is one line, and one for keys that differ`() {
        let report = Self.report([Self.same])
        #expect(report.isIdentical)
        #expect(report.text == "identical: 1 stages have the content of ./a,b/p.lock\n")
        #expect(
            Self.report([Self.same, Self.rekeyed]).text == """
                identical: 2 stages have the content of ./a,b/p.lock
                keys differ, though not the content: 'split'

                """)
        #expect(report.annotations == "")
        #expect(
            report.markdown == """
                ## demo: identical

                All 1 stages have the content of ./a,b/p.lock.

                | stage | verdict | what |
                | --- | --- | --- |
                | read | identical |  |

                """)
    }

    @Test func `the first stage that differs is told with all that is known`() {
        let report = Self.report([Self.same, Self.differs, Self.later])
        #expect(!report.isIdentical)
        #expect(
            report.text == """
                stage 'train' differs from ./a,b/p.lock: its output 'model' has the content 1, the lock says 2
                  its key is 100% <that> of the lock
                1 more differs: 'gone'

                """)
        #expect(
            report.markdown == """
                ## demo: differs

                The first stage that differs from ./a,b/p.lock is train.

                | stage | verdict | what |
                | --- | --- | --- |
                | read | identical |  |
                | train | differs | its output 'model' has the content 1, the lock says 2; its key is 100% &lt;that&gt; of the lock |
                | gone | differs | it is gone |

                """)
    }

    @Test func `annotations name file and line, escaped as GitHub reads them`() {
        #expect(
            Self.report([Self.same, Self.differs, Self.later, Self.failed]).annotations == """
                ::error file=a%2Cb/p.yml,line=7,title=stage 'train' differs from ./a%2Cb/p.lock::its output 'model' has the \
                content 1, the lock says 2%0Aits key is 100%25 <that> of the lock
                ::error file=a%2Cb/p.yml,title=stage 'gone' differs from ./a%2Cb/p.lock::it is gone
                ::error file=more.yml,line=9,title=stage 'score' failed::no memory

                """)
    }

    @Test func `JUnit has a case a stage`() {
        #expect(
            Self.report([Self.same, Self.rekeyed, Self.differs, Self.failed]).junit == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="4" failures="1" errors="1" skipped="0">
                  <testsuite name="check of demo" tests="4" failures="1" errors="1" skipped="0">
                    <testcase classname="demo" name="read"/>
                    <testcase classname="demo" name="split">
                      <system-out>its key differs: tool changed split 1 -&gt; split 2</system-out>
                    </testcase>
                    <testcase classname="demo" name="train">
                      <failure type="differs" message="its output 'model' has the content 1, the lock says 2&#10;its key is 100% \
                &lt;that&gt; of the lock"/>
                    </testcase>
                    <testcase classname="demo" name="score">
                      <error type="failed" message="no memory"/>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
    }

    @Test func `a pipeline that failed says nothing of content`() {
        let report = Self.report([Self.same, Self.failed])
        #expect(!report.isIdentical && report.text == "")
        #expect(report.markdown.hasPrefix("## demo: failed\n\nNot every stage has a result to compare with"))
    }
}
