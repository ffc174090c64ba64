// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Imaging
import Testing

/// The loose protocols as scripts in Python have them, live: LR and the enlargement by Pillow or OpenCV, all else by
/// numpy, where python3 (or $PYTHON) imports them.
@Suite struct PeerTests {
    static let script = """
        import sys
        import numpy as np
        from PIL import Image

        def bicubic(image, width, height):
            return image.resize((width, height), Image.BICUBIC)

        def opencv(image, width, height):
            import cv2
            return Image.fromarray(cv2.resize(np.array(image), (width, height), interpolation=cv2.INTER_CUBIC))

        def studio(image):
            p = np.array(image).astype(np.float64)
            t = np.array([65.481, 128.553, 24.966]) * (1 / 255)
            return ((t[0] * p[..., 0] + t[1] * p[..., 1]) + t[2] * p[..., 2]) + 16

        def studio8(image):
            return np.floor(studio(image) + 0.5)

        def yjn870(image, kind):
            p = np.array(image).astype(kind)
            return 16. + (64.738 * p[..., 0] + 129.057 * p[..., 1] + 25.064 * p[..., 2]) / 256.

        def colour(image):
            return np.array(image).astype(np.float64)

        def psnr(a, b):
            return 10 * np.log10(255.0 ** 2 / np.mean((a - b) ** 2))

        def ssim(a, b):
            if a.ndim == 3:
                return np.mean([ssim(a[..., c], b[..., c]) for c in range(3)])
            x = np.exp(-(np.arange(-5, 6) ** 2) / 4.5)
            window = np.outer(x, x) / np.sum(x) ** 2
            def mean(v):
                return np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(v, (11, 11)), window)
            ma, mb = mean(a), mean(b)
            va, vb, ab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
            return np.mean((2 * ma * mb + 6.5025) * (2 * ab + 58.5225)
                           / ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225)))

        mode, scale, height, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        image = Image.frombytes(mode, (width, height), open(sys.argv[5], "rb").read()).convert("RGB")
        w, h = width // scale, height // scale
        cut = image.crop((0, 0, w * scale, h * scale))

        def both(hr, resize):
            return hr, resize(resize(hr, w, h), w * scale, h * scale)

        def report(name, pair, see):
            a, b = see(pair[0]), see(pair[1])
            print(name, "%.10f %.10f" % (psnr(a, b), ssim(a, b)))

        report("pillow-y", both(cut, bicubic), studio8)
        report("pillow-y-unrounded", both(cut, bicubic), studio)
        report("pillow-rgb", both(cut, bicubic), colour)
        whole = both(bicubic(image, w * scale, h * scale), bicubic)
        report("yjn870", whole, lambda image: yjn870(image, np.float64))
        single = [yjn870(image, np.float32) / np.float32(255) for image in whole]
        print("single-precision", "%.4f" % (10 * np.log10(1 / np.mean((single[0] - single[1]) ** 2))))
        try:
            import cv2
            if cv2.__version__ == "5.0.0":
                cv2.ipp.setUseIPP(False)
                report("opencv-y", both(cut, opencv), studio8)
        except ImportError:
            pass
        """

    static let hasPillow = (try? run("import numpy, PIL", [])) != nil

    @Test(
        .enabled(if: hasPillow, "python3, or what PYTHON names, does not import numpy and PIL"),
        arguments: [Image.Mode.rgb8, .grey8], [2, 3, 4])
    func `bicubic has the figures of Pillow and numpy`(mode: Image.Mode, scale: Int) throws {
        let (height, width) = (49, 62)
        var image = Image(height: height, width: width, mode: mode, repeating: 0)
        for index in image.pixels.indices {
            let (row, column) = (index / image.rowLength, index % image.rowLength)
            image.pixels[index] = UInt8(
                (row * 5 + column * 2 + (row / 6 + column / 15) % 2 * 90 + index * index % 23) % 256)
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reprise-\(UUID().uuidString)")
        try Data(image.pixels).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = try Self.run(
            Self.script, [mode == .rgb8 ? "RGB" : "L", "\(scale)", "\(height)", "\(width)", file.path])
        var compared = 0
        for fields in lines.map({ $0.split(separator: " ").map(String.init) }) {
            guard let evaluation = EvaluationProtocol(named: fields[0]) else {
                #expect(fields[0] == "single-precision")
                let sample = EvaluationProtocol.yjn870.prepared(image, scale: scale)
                let psnr = try #require(EvaluationProtocol.yjn870.value(of: .psnr, sample.bicubic, for: sample))
                #expect(abs(psnr - (Double(fields[1]) ?? 0)) <= 0.0005)
                continue
            }
            let sample = evaluation.prepared(image, scale: scale)
            for (metric, there) in zip([Metric.psnr, .ssim], fields.dropFirst()) {
                let here = try #require(evaluation.value(of: metric, sample.bicubic, for: sample))
                #expect(
                    abs(here - (Double(there) ?? 0)) < 1e-9, "\(metric) under \(evaluation): \(here), there \(there)")
                compared += 1
            }
        }
        #expect(compared >= 8)
    }

    private struct Failure: Error {}

    /// The lines that it prints.
    private static func run(_ script: String, _ arguments: [String]) throws -> [String] {
        let process = Foundation.Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [ProcessInfo.processInfo.environment["PYTHON"] ?? "python3", "-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
