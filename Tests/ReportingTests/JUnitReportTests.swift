// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Reporting
import Testing

@Suite struct JUnitReportTests {
    @Test func `a claim is a test case that passes, fails or is skipped`() throws {
        let report = JUnitReport(
            suite: "fsrcnn-x3",
            deviations: [
                try claim("set5", "fsrcnn", "33.06", tolerance: 0.1, among: paperScores),
                try claim("set5-bicubic", "bicubic", "30.39", place: nil, among: paperScores),
                try claim("set5-small", "fsrcnn-s", "32.55", among: paperScores),
            ])
        #expect(
            report.xml == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="3" failures="1" errors="0" skipped="1">
                  <testsuite name="fsrcnn-x3" tests="3" failures="1" errors="0" skipped="1">
                    <testcase classname="fsrcnn-x3.Set5.x3" name="set5">
                      <failure type="deviates" message="\(failure)"/>
                    </testcase>
                    <testcase classname="fsrcnn-x3.Set5.x3" name="set5-bicubic">
                      <system-out>\(output)</system-out>
                    </testcase>
                    <testcase classname="fsrcnn-x3.Set5.x3" name="set5-small">
                      <skipped message="\(skip)"/>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
    }

    private let failure =
        "deviates: PSNR dB of 'fsrcnn' on 'Set5' x3 under 'y-double': paper 33.06 (Table 3), here 32.92,"
        + " difference -0.14; 0.14 dB below the paper, tolerance 0.1"
    private let output =
        "match: PSNR dB of 'bicubic' on 'Set5' x3 under 'y-double': paper 30.39, here 30.39, difference 0.00"
    private let skip =
        "not-comparable: PSNR dB of 'fsrcnn-s' on 'Set5' x3 under 'y-double': paper 32.55 (Table 3), here 32.40,"
        + " difference -0.15; the training was shortened"

    @Test func `no claims give an empty suite`() throws {
        let xml = JUnitReport(suite: "", deviations: []).xml
        #expect(try #require(XMLTexts(xml)).attributes["testsuite"]?.first?["tests"] == "0")
    }

    @Test(arguments: HostileNameTests.names)
    func `any name stays one attribute of well formed XML`(name: String) throws {
        let hostile = mean(name, 20, on: name, under: name)
        let report = JUnitReport(
            suite: name,
            deviations: [
                try claim(name, name, "33.06", on: name, under: name, place: name, among: [hostile]),
                try claim(name, name, "19.06", on: name, under: name, place: name, among: [hostile]),
                try claim(name, name + "x", "33.06", on: name, under: name, place: name, among: [hostile]),
            ])
        let read = try #require(XMLTexts(report.xml))
        #expect(
            read.names == [
                "testsuites", "testsuite", "testcase", "failure", "testcase", "system-out", "testcase", "skipped",
            ])
        let expected = String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    let isWhite = scalar == "\n" || scalar == "\r" || scalar == "\t"
                    return !isWhite && (scalar.value < 0x20 || scalar.value == 0xFFFE) ? "\u{FFFD}" : scalar
                }))
        #expect(read.attributes["testcase"]?.map { $0["name"] } == [expected, expected, expected])
        #expect(read.attributes["testsuite"]?.first?["name"] == expected)
        #expect(read.attributes["failure"]?.first?["message"]?.contains("of '\(expected)' on") == true)
    }
}
