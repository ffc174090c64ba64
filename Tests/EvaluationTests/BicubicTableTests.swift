// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import Testing

/// The per-image table of bicubic enlargement made with MATLAB and with an independent implementation (PAPERS 3).
@Suite struct BicubicTableTests {
    struct Row {
        let dataset: String
        let scale: Int
        let image: String
        let protocolName: String
        let border: String
        let psnr: String
        let ssim: String

        init?(_ line: Substring) {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 7, let scale = Int(fields[1]) else { return nil }
            dataset = fields[0]
            self.scale = scale
            image = fields[2]
            protocolName = fields[3]
            border = fields[4]
            psnr = fields[5]
            ssim = fields[6]
        }

        /// The protocol the row is about.
        ///
        /// `rgb8` stands in the table thrice: enlarged with both borders (which differ in the shave alone), and as
        /// MATLAB printed it.
        var evaluationProtocol: EvaluationProtocol? {
            switch (protocolName, border) {
            case ("rgb8", "clamp"), ("rgb8", "mirror"), ("rgb8 (MATLAB's own table)", "-"): .rgb8
            case ("y-double", "mirror"), ("y-double-clamp", "clamp"): EvaluationProtocol(named: protocolName)
            default: nil
            }
        }
    }

    @Test(.enabled(if: SharedData.hasOracle, Comment(rawValue: SharedData.absence)), arguments: [2, 3, 4])
    func `PSNR and SSIM of every image equal the table in every printed digit`(scale: Int) throws {
        let table = String(decoding: try SharedData.bytes("oracle/bicubic_per_image.csv"), as: UTF8.self)
        let rows = table.split(whereSeparator: \.isNewline).dropFirst().compactMap(Row.init).filter {
            $0.scale == scale
        }
        #expect(rows.count == 19 * 5)
        for (path, ofImage) in Dictionary(grouping: rows, by: { "\($0.dataset)/x\(scale)/HR/\($0.image).png" }) {
            let image = try SharedData.image(path)
            var values: [EvaluationProtocol: (psnr: String, ssim: String)] = [:]
            for evaluation in EvaluationProtocol.all {
                let sample = evaluation.prepared(image, scale: scale)
                values[evaluation] = (
                    try #require(evaluation.value(of: .psnr, sample.bicubic, for: sample)).formatted(decimals: 10),
                    try #require(evaluation.value(of: .ssim, sample.bicubic, for: sample)).formatted(decimals: 10)
                )
            }
            for row in ofImage {
                let here = try #require(row.evaluationProtocol.flatMap { values[$0] }, "\(row)")
                #expect(here.psnr == row.psnr && here.ssim == row.ssim, "\(row), here \(here)")
            }
        }
    }

    @Test(.enabled(if: SharedData.hasOracle, Comment(rawValue: SharedData.absence)))
    func `the border of the enlargement shows in the shave alone`() throws {
        let low = try SharedData.image("Set5/x3/LR/img_003.png")
        let (clamped, mirrored) = (low.resized(by: 3, border: .clamp), low.resized(by: 3, border: .mirror))
        #expect(clamped != mirrored)
        #expect(clamped.shaved(3) == mirrored.shaved(3))
    }

    /// PSNR and SSIM of both sets at x2, x3, x4, as papers print them.
    static let published: [(dataset: String, count: Int, scale: Int, psnr: String, ssim: String)] = [
        ("Set5", 5, 2, "33.66", "0.9299"), ("Set5", 5, 3, "30.39", "0.8682"), ("Set5", 5, 4, "28.42", "0.8104"),
        ("Set14", 14, 2, "30.23", "0.8687"), ("Set14", 14, 3, "27.54", "0.7736"), ("Set14", 14, 4, "26.00", "0.7019"),
    ]

    @Test(.enabled(if: SharedData.hasOracle, Comment(rawValue: SharedData.absence)))
    func `the means under y-double match the published figures`() throws {
        let evaluation = EvaluationProtocol.yDouble
        for (dataset, count, scale, psnr, ssim) in BicubicTableTests.published {
            let samples = try (1...count).map { number in
                let name = "img_" + String(1000 + number).dropFirst()
                return evaluation.prepared(try SharedData.image("\(dataset)/x\(scale)/HR/\(name).png"), scale: scale)
            }
            for (metric, printed) in [(Metric.psnr, psnr), (.ssim, ssim)] {
                let scores = try samples.enumerated().map { number, sample in
                    Score(
                        model: "bicubic", metric: metric, dataset: dataset, scale: scale,
                        protocolName: evaluation.name, image: "\(number)",
                        value: try #require(evaluation.value(of: metric, sample.bicubic, for: sample)))
                }
                let figure = try #require(
                    PaperFigure(
                        id: "f", model: "bicubic", metric: metric, dataset: dataset, scale: scale,
                        protocolName: evaluation.name, printed: printed))
                let deviation = Deviation(of: figure, among: scores + [Score.mean(of: scores)])
                #expect(deviation.verdict == .match, "\(deviation)")
            }
        }
    }
}
