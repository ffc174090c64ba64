// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Imaging
import Tensors

/// Resizing, luma and metrics on an image of 2040x1356 (as in DIV2K), on one core.
///
/// First MATLAB's arithmetic beside what the libraries call the same, then the libraries' own, bit for bit. Megapixels
/// are those of the large image.
struct ImagingBenchmark {
    private static let height = 1356
    private static let width = 2040

    private let workplace: Workplace
    private let rounds = 7

    init(_ workplace: Workplace) { self.workplace = workplace }

    func run() {
        let work = OwnImaging(height: Self.height, width: Self.width)
        let peers = [("Pillow", "pillow"), ("OpenCV", "opencv"), ("scikit-image", "scikit-image")]
            .map { title, library in
                let words = [library, String(Self.height), String(Self.width)]
                return (title, Result { try PeerSession(workplace, script: "imaging.py", words) })
            }
        var table = Table(
            "Images of \(Self.width)x\(Self.height), one core",
            columns: ["megapixels/s", "times"])
        for activity in ImagingActivity.allCases {
            var contestants = [Contestant(name: "Reprise", seconds: { work.seconds(activity) })]
            for (_, peer) in peers {
                guard case .success(let session) = peer else { continue }
                contestants.append(Contestant(name: session.name) { try session.seconds(activity.rawValue) })
            }
            add(activity, contestants.standings(rounds: rounds, patience: 4), to: &table)
        }
        for (title, peer) in peers {
            if case .failure(let error) = peer { table.add(title, absent: "\(error)") }
        }
        table.show()
    }

    private func add(_ activity: ImagingActivity, _ standings: [Standing], to table: inout Table) {
        let megapixels = Double(Self.height * Self.width) / 1e6
        for standing in standings {
            // A library that has no such function says so, and gets no row.
            guard let median = standing.median else { continue }
            table.add(
                "\(activity.title): \(standing.name)", (megapixels / median).brief,
                standing.times(standings[0]).times)
            let remark = activity.remark(on: standing.name)
            if !remark.isEmpty { table.comment(remark) }
        }
    }
}

/// What is done; the raw value is the word for `imaging.py`.
private enum ImagingActivity: String, CaseIterable {
    case shrink, enlarge
    case shrinkAsPillow = "shrink-as-pillow"
    case enlargeAsPillow = "enlarge-as-pillow"
    case enlargeAsOpenCV = "enlarge-as-opencv"
    case luma
    case lumaAsPillow = "luma-as-pillow"
    case psnr, ssim

    var title: String {
        switch self {
        case .shrink: "bicubic 1/3 of RGB"
        case .enlarge: "bicubic x3 to RGB"
        case .shrinkAsPillow: "Pillow's 1/3 of RGB"
        case .enlargeAsPillow: "Pillow's x3 to RGB"
        case .enlargeAsOpenCV: "OpenCV's x3 to RGB"
        case .luma: "luma of RGB"
        case .lumaAsPillow: "Pillow's luma of RGB"
        case .psnr: "PSNR of luma"
        case .ssim: "SSIM of luma"
        }
    }

    /// Where a peer's function of that name does other work.
    func remark(on name: String) -> String {
        switch (self, String(name.prefix { $0 != " " })) {
        case (.shrink, "Reprise"), (.enlarge, "Reprise"): "in double"
        case (.shrink, "Pillow"), (.enlarge, "Pillow"): "in fixed point"
        case (.shrink, "OpenCV"): "no antialiasing, in fixed point"
        case (.enlarge, "OpenCV"): "in fixed point"
        case (.shrink, "scikit-image"): "Gaussian, then spline"
        case (.enlarge, "scikit-image"): "spline"
        case (.luma, "Pillow"), (.luma, "OpenCV"): "three channels, full range, in fixed point"
        case (.luma, "scikit-image"): "three channels, in double"
        case (.ssim, "OpenCV"): "five filters and numpy"
        default: ""
        }
    }
}

/// Reprise's own functions.
private struct OwnImaging {
    private let colour: Image
    private let small: Image
    private let luma: Image
    private let other: Image

    init(height: Int, width: Int) {
        var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 1 << 20), sample: 1)
        func noise(_ height: Int, _ width: Int, _ mode: Image.Mode) -> Image {
            let pixels = (0..<height * width * mode.channelCount).map { _ in UInt8(random.next(below: 256)) }
            return Image(height: height, width: width, mode: mode, pixels: pixels)
        }
        colour = noise(height, width, .rgb8)
        small = noise(height / 3, width / 3, .rgb8)
        luma = noise(height, width, .grey8)
        other = noise(height, width, .grey8)
    }

    func seconds(_ activity: ImagingActivity) -> Double {
        Stopwatch.seconds {
            switch activity {
            case .shrink: keep(colour.resized(by: 1.0 / 3, border: .mirror).height)
            case .enlarge: keep(small.resized(by: 3, border: .mirror).height)
            case .shrinkAsPillow:
                keep(
                    colour.resized(
                        height: small.height, width: small.width, kernel: .pillowBicubic, border: .mirror
                    ).height)
            case .enlargeAsPillow:
                keep(
                    small.resized(
                        height: colour.height, width: colour.width, kernel: .pillowBicubic, border: .mirror
                    ).height)
            case .enlargeAsOpenCV:
                keep(
                    small.resized(
                        height: colour.height, width: colour.width, kernel: .openCVCubic, border: .mirror
                    ).height)
            case .luma: keep(colour.luma.height)
            case .lumaAsPillow: keep(colour.luma(.fullRange).height)
            case .psnr: keep(Metric.psnr.value(luma, other))
            case .ssim: keep(Metric.ssim.value(luma, other))
            }
        }
    }

    /// Has the value made, although nobody reads it.
    @inline(never)
    private func keep<Value>(_ value: Value) {
        withExtendedLifetime(value) {}
    }
}
