// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Tensors
import Training

/// Whole images through FSRCNN(56,12,4) x3, beside libraries that run trained networks.
///
/// The luma of the 14 low-resolution images of Set14 x3, or synthetic images of those sizes, with zero padding, since
/// the peers have no other. They get the same weights and images, and must come to the same pixels, else they fail.
struct InferenceBenchmark {
    private let workplace: Workplace
    private let rounds = 5

    init(_ workplace: Workplace) { self.workplace = workplace }

    func run() throws {
        let folder = try workplace.folder.folder("inference")
        defer { folder.remove() }
        let (images, label) = try self.images()
        try OwnInference(images, workplace.level, threads: 1).write(to: folder)
        for threads in Set([workplace.threads, 1]).sorted(by: >) {
            try measure(images, label, threads, folder)
        }
    }

    private func measure(_ images: [Tensor], _ label: String, _ threads: Int, _ folder: TemporaryFolder) throws {
        let peak = ProcessorPeak(workplace.level, threads: threads)
        let ours = OwnInference(images, workplace.level, threads: threads)
        let peers = ["onnxruntime", "opencv"].map { library in
            let words = [library, String(threads), folder.url.path]
            return (library, Result { try PeerSession(workplace, script: "inference.py", words) })
        }
        var contestants = [
            Contestant(name: "FMA peak", seconds: { peak.seconds() }),
            Contestant(name: "Reprise", seconds: ours.seconds),
        ]
        for case (_, .success(let session)) in peers {
            contestants.append(Contestant(name: session.name) { try session.seconds("all") })
        }
        let standings = contestants.standings(rounds: rounds)
        var table = Table(
            "Upscaling, FSRCNN(56,12,4) x3, \(label), " + (threads == 1 ? "1 thread" : "\(threads) threads"),
            columns: ["ms an image", "GFLOP/s", "of peak", "times"])
        let peakRates = standings[0].seconds.map { peak.operations / $0 }
        table.add("FMA peak", "", peakRates.median.map { $0 / 1e9 }.brief, "100 %", "")
        for standing in standings.dropFirst() {
            if let failure = standing.failure {
                table.add(standing.name, absent: failure)
                continue
            }
            let rates = standing.seconds.map { ours.operations / $0 }
            table.add(
                standing.name, standing.median.map { $0 / Double(images.count) * 1e3 }.brief,
                rates.median.map { $0 / 1e9 }.brief, zip(rates, peakRates).map { $0 / $1 }.median.percent,
                standing.times(standings[1]).times)
        }
        for case (let library, .failure(let error)) in peers { table.add(library, absent: "\(error)") }
        table.show()
    }

    /// Rows and columns of the images of Set14 x3, LR.
    private static let extents = [
        (160, 166), (192, 240), (170, 170), (96, 117), (120, 83), (92, 92), (120, 166), (96, 117), (170, 170),
        (170, 170), (170, 256), (170, 170), (218, 176), (130, 195),
    ]

    /// Planes in 0...1, shape (1, rows, columns).
    private func images() throws -> (images: [Tensor], label: String) {
        let files = FileManager.default
        if let folder = workplace.data?.appendingPathComponent("Set14/x3/LR"),
            case let names = ((try? files.contentsOfDirectory(atPath: folder.path)) ?? []).sorted(), !names.isEmpty
        {
            let images = try names.filter { $0.hasSuffix(".png") }.map { name in
                Self.plane(try Image(decoding: [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))))
            }
            return (images, "\(images.count) images of Set14")
        }
        let images = Self.extents.enumerated().map { index, extent in
            Self.plane(DeadLeaves(height: extent.0, width: extent.1, seed: 1).image(index))
        }
        return (images, "\(images.count) synthetic images of the sizes of Set14")
    }

    private static func plane(_ image: Image) -> Tensor {
        Tensor(shape: [1, image.height, image.width], values: image.luma.pixels.map { Float($0) / 255 })
    }
}

/// Our own way through the network, with first weights as a training would have them.
private struct OwnInference {
    private let network = Network(description: .fsrcnn(scale: 3, labelConvention: .scaled), seed: 1)
    private let images: [Tensor]
    private let pool: WorkerPool
    private let level: SIMDLevel

    init(_ images: [Tensor], _ level: SIMDLevel, threads: Int) {
        self.images = images
        self.level = level
        pool = WorkerPool(threads: threads)
    }

    /// Floating-point operations of all images, a multiply-add counted as two: weights times LR pixels, without biases
    /// and activations.
    var operations: Double {
        Double(2 * network.weightCount) * Double(images.reduce(0) { $0 + $1.shape.count })
    }

    func seconds() throws -> Double {
        try Stopwatch.seconds { for image in images { _ = try upscaled(image) } }
    }

    private func upscaled(_ image: Tensor) throws -> Tensor {
        try network.upscaled(image, padding: .zero, pool: pool, level: level)
    }

    /// What `inference.py` reads: parameters, images and our results, little-endian floats, and the images' extents.
    func write(to folder: TemporaryFolder) throws {
        try folder.write(images.map { "\($0.shape[1]) \($0.shape[2])\n" }.joined(), to: "extents.txt")
        try Self.write(network.values, to: folder.path("parameters.f32"))
        try Self.write(images.flatMap(\.values), to: folder.path("images.f32"))
        try Self.write(images.flatMap { try upscaled($0).values }, to: folder.path("results.f32"))
    }

    private static func write(_ values: [Float], to path: String) throws {
        try values.map(\.bitPattern.littleEndian).withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
    }
}
