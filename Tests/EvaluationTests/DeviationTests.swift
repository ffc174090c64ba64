// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Testing

@Suite struct DeviationTests {
    private func figure(_ printed: String = "33.06", tolerance: Double? = nil) throws -> PaperFigure {
        try #require(
            PaperFigure(
                id: "set5", model: "fsrcnn", metric: .psnr, dataset: "Set5", scale: 3, protocolName: "y-double",
                printed: printed, tolerance: tolerance))
    }

    private func score(
        _ value: Double, dataset: String = "Set5", protocolName: String = "y-double", image: String? = nil,
        isShortened: Bool = false, scale: Int = 3
    ) -> Score {
        Score(
            model: "fsrcnn", metric: .psnr, dataset: dataset, scale: scale, protocolName: protocolName, image: image,
            value: value, isShortened: isShortened)
    }

    @Test(
        arguments: [
            (33.0649, nil, Verdict.match), (33.055, nil, .deviates), (33.0551, nil, .match), (33.0651, nil, .exceeds),
            (33.04, 0.05, .within), (33.1, 0.05, .within), (33.0, 0.05, .deviates), (33.2, 0.05, .exceeds),
            (33.0601, 0.0, .match), (32.9, nil, .deviates), (Double.nan, 100, .deviates), (.infinity, 1, .exceeds),
        ] as [(Double, Double?, Verdict)])
    func `a comparable score has the verdict of its distance`(here: Double, tolerance: Double?, verdict: Verdict) throws
    {
        let deviation = Deviation(of: try figure(tolerance: tolerance), among: [score(here)])
        #expect(deviation.verdict == verdict)
        #expect(deviation.reason == "")
        #expect(deviation.here?.bitPattern == here.bitPattern)
    }

    @Test(
        arguments: [(58.0, Verdict.exceeds), (59.95, .within), (60.05, .within), (62, .deviates), (60, .match)]
            as [(Double, Verdict)], [Metric.mse, .mae])
    func `of an error the lower is the better`(score: (here: Double, verdict: Verdict), metric: Metric) throws {
        let figure = try #require(
            PaperFigure(
                id: "error", model: "fsrcnn", metric: metric, dataset: "Set5", scale: 3, protocolName: "rgb8",
                printed: "60.00", tolerance: 0.1))
        let here = Score(
            model: "fsrcnn", metric: metric, dataset: "Set5", scale: 3, protocolName: "rgb8", value: score.here)
        #expect(Deviation(of: figure, among: [here]).verdict == score.verdict)
    }

    @Test func `the difference is the score less the figure`() throws {
        let deviation = Deviation(of: try figure("33"), among: [score(32.5)])
        #expect(deviation.difference == -0.5)
    }

    @Test func `a score under another protocol is not comparable`() throws {
        let deviation = Deviation(
            of: try figure(tolerance: 1), among: [score(33.06, protocolName: "rgb8"), score(33.06, dataset: "Set14")])
        #expect(deviation.verdict == .notComparable)
        #expect(deviation.reason == "scored under 'rgb8', the figure is under 'y-double'")
        #expect(deviation.here == nil && deviation.difference == nil)
    }

    @Test func `a shortened training is not comparable however close it comes`() throws {
        let deviation = Deviation(of: try figure(), among: [score(33.06, isShortened: true)])
        #expect(deviation.verdict == .notComparable)
        #expect(deviation.reason == "the training was shortened")
        #expect(deviation.here == 33.06)
    }

    @Test func `a score on another data set is not comparable`() throws {
        let deviation = Deviation(of: try figure(), among: [score(33.06, dataset: "Set14")])
        #expect(deviation.verdict == .notComparable)
        #expect(deviation.reason == "scored on 'Set14', the figure is for 'Set5'")
    }

    @Test func `no score of the model and scale is not measured, whatever single images have`() throws {
        for scores in [[], [score(33.06, image: "img_001")], [score(33.06, scale: 2)]] {
            let deviation = Deviation(of: try figure(), among: scores)
            #expect(deviation.verdict == .notMeasured)
            #expect(deviation.reason == "no psnr of 'fsrcnn' on 'Set5' x3")
        }
    }

    @Test func `a printed figure keeps its digits and anything else is refused`() throws {
        #expect(try figure("33.10").decimals == 2)
        #expect(try figure("-1").decimals == 0)
        #expect(try figure("0.5").value == 0.5)
        for text in ["", "-", ".", "33.", ".5", "3,3", "1e3", "nan", "inf", "0x10", "--1", "33.06 dB", " 1", "1.2.3"] {
            #expect(
                PaperFigure(
                    id: "x", model: "m", metric: .ssim, dataset: "d", scale: 2, protocolName: "rgb8", printed: text)
                    == nil)
        }
    }

    @Test func `a mean is over images, in decibels`() {
        let mean = Score.mean(of: [score(30, image: "a"), score(33, image: "b"), score(36, image: "c")])
        #expect(mean == score(33))
    }

    @Test func `verdicts have the names of the contract`() {
        #expect(
            Verdict.allCases.map(\.rawValue)
                == ["match", "within", "exceeds", "deviates", "not-comparable", "not-measured"])
    }
}
