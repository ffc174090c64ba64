// SPDX-License-Identifier: Apache-2.0

import Evaluation
import PipelineManifest
import Reporting
import Testing

@Suite struct MarkdownReportTests {
    private func setting(_ name: String, _ value: SettingValue, isOverridden: Bool = false) -> Setting {
        Setting(
            name: Located(name, at: PipelineManifest.SourceLocation(line: 1, column: 1)), value: value,
            isOverridden: isOverridden)
    }

    @Test func `the page has the verdicts and all that they depend on`() throws {
        let report = MarkdownReport(
            title: "FSRCNN x3",
            paper: Paper(title: "Accelerating *it*", authors: "A. B", year: 2016, reference: "arXiv 1"),
            deviations: DeviationTable(
                deviations: [try claim("a", "bicubic", "30.39", among: paperScores)], scores: [],
                notes: ["test set Set5 was never scored before"]),
            assumptions: [
                Assumption(about: "batch size", chosen: "128", reason: "the authors' solver"),
                Assumption(about: "momentum", chosen: "0.9", reason: nil),
            ],
            settings: [
                setting("learning-rate", .number(0.001)), setting("angles", .list([.integer(0), .integer(90)])),
                setting("epochs", .integer(3), isOverridden: true),
            ],
            environment: ["system": "Linux", "cpu": "x86-64 | avx2"],
            stages: [
                .init(name: "images", outcome: "hit", seconds: 0), .init(name: "train", outcome: "ran", seconds: 185),
            ],
            notes: ["first try"])
        #expect(
            report.text == #"""
                # FSRCNN x3

                Reproduces *Accelerating \*it\**, A. B, 2016, arXiv 1

                ## Verdicts

                | data set | scale | metric | protocol | model | paper | here | difference | verdict | place |
                | --- | --- | --- | --- | --- | --: | --: | --: | --- | --- |
                | Set5 | ×3 | PSNR dB | y-double | bicubic | 30.39 | 30.39 | 0.00 | match | Table 3 |

                **1 claim: 1 match**

                - test set Set5 was never scored before

                ## Assumptions

                - **batch size**: 128 (the authors' solver)
                - **momentum**: 0.9

                ## Settings

                | setting | value | given by |
                | --- | --- | --- |
                | learning-rate | 0.001 | manifest |
                | angles | \[0, 90\] | manifest |
                | epochs | 3 | --set |

                ## Environment

                | what | value |
                | --- | --- |
                | cpu | x86-64 \| avx2 |
                | system | Linux |

                ## Stages

                | stage | outcome | time |
                | --- | --- | --: |
                | images | hit | 0.0 s |
                | train | ran | 3 min 05 s |

                ## Notes

                - first try

                """#)
    }

    @Test func `what is empty has no section`() {
        let report = MarkdownReport(
            title: "t", paper: nil, deviations: DeviationTable(deviations: [], scores: []), assumptions: [],
            settings: [], environment: [:], stages: [])
        #expect(report.text == "# t\n\n## Verdicts\n\n**no claims**\n")
    }

    /// Counted without what is escaped: no name adds a cell, a line, a tag, a link or an emphasis.
    @Test(arguments: HostileNameTests.names)
    func `no name is taken for markup`(name: String) {
        let report = MarkdownReport(
            title: name, paper: Paper(title: name, authors: name, year: nil, reference: name),
            deviations: DeviationTable(deviations: [], scores: [mean(name, 1, on: name, under: name)], notes: [name]),
            assumptions: [Assumption(about: name, chosen: name, reason: name)],
            settings: [setting(name, .text(name))], environment: [name: name],
            stages: [.init(name: name, outcome: name, seconds: 1)], notes: [name])
        let lines = report.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 40)
        for line in lines {
            var bare = ""
            var isEscaped = false
            for character in line {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else {
                    bare.append(character)
                }
            }
            let bars = bare.count { $0 == "|" }
            #expect(!isEscaped && [0, 3, 4, name.isEmpty ? 5 : 8].contains(bars), "\(line)")
            #expect(!bare.contains { "<>`[]~$".contains($0) })
            #expect([0, 2, 4].contains(bare.count { $0 == "*" }))
        }
    }
}
