// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Reporting
import Testing

func mean(
    _ model: String, _ value: Double, on dataset: String = "Set5", metric: Metric = .psnr,
    under protocolName: String = "y-double", image: String? = nil, isShortened: Bool = false
) -> Score {
    Score(
        model: model, metric: metric, dataset: dataset, scale: 3, protocolName: protocolName, image: image,
        value: value, isShortened: isShortened)
}

/// A claim on a x3 mean, judged among `scores`.
func claim(
    _ id: String, _ model: String, _ printed: String, on dataset: String = "Set5", metric: Metric = .psnr,
    under protocolName: String = "y-double", tolerance: Double? = nil, place: String? = "Table 3",
    isVerified: Bool = true, among scores: [Score]
) throws -> ReportedDeviation {
    let figure = try #require(
        PaperFigure(
            id: id, model: model, metric: metric, dataset: dataset, scale: 3, protocolName: protocolName,
            printed: printed, tolerance: tolerance))
    return ReportedDeviation(Deviation(of: figure, among: scores), place: place, isVerified: isVerified)
}

/// Two data sets, three models, every verdict.
let paperScores = [
    mean("fsrcnn", 32.9231), mean("bicubic", 30.3912), mean("fsrcnn", 0.91, image: "img_001"),
    mean("fsrcnn", 0.91234, metric: .ssim), mean("fsrcnn", 29.6, on: "Set14"),
    mean("bicubic", 27.54, on: "Set14"), mean("srcnn", 29.25, on: "Set14"), mean("fsrcnn-s", 32.4, isShortened: true),
    mean("tiny", 30.1, under: "rgb8"),
]

func paperClaims() throws -> [ReportedDeviation] {
    [
        try claim("set5", "fsrcnn", "33.06", tolerance: 0.1, among: paperScores),
        try claim("set5-bicubic", "bicubic", "30.39", among: paperScores),
        try claim("set5-small", "fsrcnn-s", "32.55", isVerified: false, among: paperScores),
        try claim("set5-tiny", "tiny", "30.0", place: nil, among: paperScores),
        try claim("set14", "fsrcnn", "29.37", on: "Set14", tolerance: 0.1, among: paperScores),
        try claim("set14-srcnn", "srcnn", "29.26", on: "Set14", tolerance: 0.05, isVerified: false, among: paperScores),
        try claim("bsd", "vdsr", "28.55", on: "BSD200", place: "Table 4", among: paperScores),
    ]
}

@Suite struct DeviationTableTests {
    @Test func `every verdict has its row, its reason and its place`() throws {
        let table = DeviationTable(
            deviations: try paperClaims(), scores: paperScores,
            notes: ["test set Set5 scored 3 times before, by 2 different models"])
        #expect(
            table.text(colour: false) == """
                data set  scale  metric   protocol  model      paper     here  difference  verdict             place
                ──────────────────────────────────────────────────────────────────────────────────────────────────────
                Set5      ×3     PSNR dB  y-double  bicubic   30.39   30.39          0.00  match               Table 3
                Set5      ×3     PSNR dB  y-double  fsrcnn    33.06   32.92         -0.14  deviates [1]        Table 3
                Set5      ×3     PSNR dB  y-double  fsrcnn-s  32.55*  32.40         -0.15  not-comparable [2]  Table 3
                Set5      ×3     PSNR dB  y-double  tiny      30.0     —             —     not-comparable [3]
                Set5      ×3     PSNR dB  rgb8      tiny       —      30.10
                Set5      ×3     SSIM     y-double  fsrcnn     —       0.9123

                Set14     ×3     PSNR dB  y-double  bicubic    —      27.54
                Set14     ×3     PSNR dB  y-double  fsrcnn    29.37   29.60         +0.23  exceeds             Table 3
                Set14     ×3     PSNR dB  y-double  srcnn     29.26*  29.25         -0.01  within              Table 3

                BSD200    ×3     PSNR dB  y-double  vdsr      28.55    —             —     not-measured [4]    Table 4

                *    not checked against the paper itself
                [1]  0.14 dB below the paper, tolerance 0.1
                [2]  the training was shortened
                [3]  scored under 'rgb8', the figure is under 'y-double'
                [4]  no psnr of 'vdsr' on 'BSD200' x3

                7 claims: 1 match, 1 within, 1 exceeds, 1 deviates, 2 not-comparable, 1 not-measured
                test set Set5 scored 3 times before, by 2 different models

                """)
    }

    @Test func `verdicts have their colours and the ASCII look has its signs`() throws {
        let claims = [
            try claim("a", "bicubic", "30.39", place: nil, among: paperScores),
            try claim("b", "fsrcnn", "33.06", place: nil, among: paperScores),
            try claim("c", "vdsr", "33.66", place: nil, among: paperScores),
        ]
        let yellow = "\u{1B}[33m"
        #expect(
            DeviationTable(deviations: claims, scores: []).text(colour: true, look: .ascii) == """
                data set  scale  metric   protocol  model    paper   here  difference  verdict
                \u{1B}[2m---------------------------------------------------------------------------------------\u{1B}[0m
                Set5      x3     PSNR dB  y-double  bicubic  30.39  30.39        0.00  \u{1B}[32mmatch\u{1B}[0m
                Set5      x3     PSNR dB  y-double  fsrcnn   33.06  32.92       -0.14  \u{1B}[31mdeviates [1]\u{1B}[0m
                Set5      x3     PSNR dB  y-double  vdsr     33.66   -           -     \(yellow)not-measured [2]\u{1B}[0m

                [1]  0.14 dB below the paper, no tolerance given
                [2]  no psnr of 'vdsr' on 'Set5' x3

                3 claims: 1 match, 1 deviates, 1 not-measured

                """)
    }

    @Test func `without claims or scores the summary remains`() {
        #expect(DeviationTable(deviations: [], scores: []).text(colour: false) == "no claims\n")
        #expect(DeviationTable(deviations: [], scores: [], notes: ["n"]).markdown == "**no claims**\n\n- n\n")
        #expect(
            DeviationTable(deviations: [], scores: [mean("bicubic", 30.3912)]).text(colour: false) == """
                data set  scale  metric   protocol  model    paper   here
                ─────────────────────────────────────────────────────────
                Set5      ×3     PSNR dB  y-double  bicubic      —  30.39

                no claims

                """)
    }

    /// What the paper prints plus the difference is what is shown here, at every score near the figure.
    @Test(arguments: [("33.06", 2), ("33.1", 2), ("33", 2), ("26.625", 3), ("-1.5", 2)])
    func `the columns of the table add up`(printed: String, decimals: Int) throws {
        let paper = try #require(Double(printed))
        var faults: [String] = []
        for step in -400...400 {
            let score = paper + Double(step) / 2000
            let reported = try claim("c", "m", printed, place: nil, among: [mean("m", score)])
            let row = try #require(
                DeviationTable(deviations: [reported], scores: []).text(colour: false)
                    .split(separator: "\n").dropFirst(2).first)
            let words = row.split(separator: " ").dropFirst(6).map(String.init)
            let (here, difference) = (try #require(Double(words[1])), try #require(Double(words[2])))
            if words[0] != printed || words[1] != score.formatted(decimals: decimals)
                || (paper + difference).formatted(decimals: decimals) != here.formatted(decimals: decimals)
                || words[2].hasPrefix("+") != (difference > 0) || words[2].hasPrefix("-") != (difference < 0)
                || words[2].drop(while: { $0 != "." }).count != decimals + 1
            {
                faults.append("\(score): \(row)")
            }
        }
        #expect(faults.isEmpty)
    }

    @Test func `an infinite score and one that is no number are shown as they are`() throws {
        let scores = [mean("a", .infinity), mean("b", .nan)]
        let text = DeviationTable(
            deviations: [
                try claim("a", "a", "33.06", place: nil, among: scores),
                try claim("b", "b", "33.06", place: nil, among: scores),
            ], scores: []
        ).text(colour: false)
        #expect(
            text == """
                data set  scale  metric   protocol  model  paper  here  difference  verdict
                ────────────────────────────────────────────────────────────────────────────────
                Set5      ×3     PSNR dB  y-double  a      33.06   inf        +inf  exceeds
                Set5      ×3     PSNR dB  y-double  b      33.06   nan         nan  deviates [1]

                [1]  what was measured is no number

                2 claims: 1 exceeds, 1 deviates

                """)
    }

    @Test func `Markdown has the same rows and says nothing twice`() throws {
        let claims = [
            try claim("a", "fsrcnn", "33.06", tolerance: 0.1, isVerified: false, among: paperScores),
            try claim("b", "fsrcnn", "29.80", on: "Set14", tolerance: 0.1, among: paperScores),
            try claim("c", "a|b_*", "1.00", on: "Set14", place: "<p>", among: paperScores),
        ]
        #expect(
            DeviationTable(deviations: claims, scores: [], notes: ["1. x", "- y", "z"]).markdown == #"""
                | data set | scale | metric | protocol | model | paper | here | difference | verdict | place |
                | --- | --- | --- | --- | --- | --: | --: | --: | --- | --- |
                | Set5 | ×3 | PSNR dB | y-double | fsrcnn | 33.06\* | 32.92 | -0.14 | deviates \[1\] | Table 3 |
                | Set14 | ×3 | PSNR dB | y-double | fsrcnn | 29.80 | 29.60 | -0.20 | deviates \[2\] | Table 3 |
                | Set14 | ×3 | PSNR dB | y-double | a\|b\_\* | 1.00 | — | — | not-measured \[3\] | &lt;p&gt; |

                - \* not checked against the paper itself
                - \[1\] 0.14 dB below the paper, tolerance 0.1
                - \[2\] 0.20 dB below the paper, tolerance 0.1
                - \[3\] no psnr of 'a\|b\_\*' on 'Set14' x3

                **3 claims: 2 deviates, 1 not-measured**

                - 1\. x
                - \- y
                - z

                """#)
    }
}
