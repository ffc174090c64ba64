// SPDX-License-Identifier: Apache-2.0

import Evaluation
package import Imaging
package import PipelineExecution
package import Tensors
import Training

// An image is upscaled in bands of rows, so that only the image itself and one band of its picture are in memory. A
// band is computed from its own rows and those around it that the network sees, so that it has the bits that the whole
// would have: the same pixels whatever the bands.

/// Upscales images for people with a model, as protocol `rgb8` upscales LR for its figures.
///
/// A network of luma makes the luma, and Cb and Cr are enlarged by `matlab-bicubic`; a network of RGB makes all three.
/// A grey image stays grey. Alpha is enlarged by `matlab-bicubic`, apart from the colours.
package struct Upscaler {
    /// Samples of a band of the picture, about: 8 MiB as bytes, 96 MiB as they are computed.
    private static let bandSamples = 1 << 23
    /// The most that a band may have: rows of more are not split.
    private static let bandLimit = 1 << 28
    /// The most that a picture is larger, and that a network's strides make of each other.
    private static let scaleLimit = 64, strideLimit = 4096

    private let model: Model
    private let channels: Int
    /// Pixels of the network's input from one place where all its convolutions are aligned to the next.
    private let strides: Int
    /// The height of a band in rows of the image; nil for one that suits the image.
    private let bandRows: Int?
    private let pool: WorkerPool
    private let level: SIMDLevel

    /// - Throws: a `ToolFailure` where the model is not one of luma or RGB, or of a scale that no picture has.
    package init(_ model: Model, bandRows: Int? = nil, pool: WorkerPool, level: SIMDLevel) throws(ToolFailure) {
        guard (1...Self.scaleLimit).contains(model.scale) else {
            throw ToolFailure(
                "the model '\(model.name)' is for x\(model.scale), and pictures are made up to x\(Self.scaleLimit)")
        }
        let strides = Self.strides(of: model.network.description)
        guard max(strides.down, strides.up) <= Self.strideLimit else {
            throw ToolFailure(
                "the layers of the model '\(model.name)' stride over more than \(Self.strideLimit) pixels")
        }
        channels = try model.imageChannels()
        self.strides = strides.down
        self.model = model
        self.bandRows = bandRows
        self.pool = pool
        self.level = level
    }

    /// The rows of `image` in bands, from top to bottom.
    ///
    /// - Throws: a `ToolFailure` where the model's output would not lie on the picture, or a band is too large.
    package func bands(of image: Image) throws(ToolFailure) -> [Range<Int>] {
        try requireCover(of: image)
        let around = 2 * reach
        let rowSamples = image.width * model.scale * model.scale * channels
        let height = min(bandRows ?? max(Self.bandSamples / rowSamples, around, 1), image.height)
        guard min(height + around, image.height) * rowSamples <= Self.bandLimit else {
            throw ToolFailure(
                "an image of \(image.width)x\(image.height) pixels is too wide to be upscaled x\(model.scale)",
                hint: "cut it into narrower images")
        }
        return stride(from: 0, to: image.height, by: height).map { $0..<min($0 + height, image.height) }
    }

    /// The picture's rows that a band becomes, with the alpha that belongs to `image`, if any.
    package func picture(of band: Range<Int>, in image: Image, alpha: Image?) throws -> Raster {
        let rows = band.lowerBound * model.scale..<band.upperBound * model.scale
        let enlarged = image.enlarged(by: model.scale, rows: rows, border: .clamp)
        let picture = Image(networkOutput: try output(rows, of: band, in: image), enlarged: enlarged)
        guard let alpha else { return Raster(picture) }
        return Raster(picture, alpha: alpha.enlarged(by: model.scale, rows: rows, border: .clamp))
    }

    /// The network's output where it lies on `rows` of the picture.
    private func output(_ rows: Range<Int>, of band: Range<Int>, in image: Image) throws -> [Plane] {
        let seen = seenRows(for: band, of: image.height)
        let input =
            model.takesEnlarged
            ? image.enlarged(by: model.scale, rows: seen, border: .clamp)
            : image.cropped(top: seen.lowerBound, left: 0, height: seen.count, width: image.width)
        let output = try model.upscaled(input.networkInput(channels: channels), pool: pool, level: level)
        let first = seen.lowerBound * model.network.description.scale
        if let place = model.noNumber(in: output) {
            throw ToolFailure(
                "the model '\(model.name)' gives no number at row \(first + place.row), column \(place.column) of its "
                    + "output")
        }
        return output.map {
            $0.laid(
                height: rows.count, width: image.width * model.scale,
                rowShift: model.outputShift + first - rows.lowerBound, columnShift: model.outputShift)
        }
    }

    /// The rows of the network's input that a band's output depends on; the first is a multiple of all strides, so that
    /// they fall on the pixels on which they fall in the whole.
    private func seenRows(for band: Range<Int>, of height: Int) -> Range<Int> {
        let scale = model.takesEnlarged ? model.scale : 1
        let lower = max(band.lowerBound * scale - reach, 0)
        return lower - lower % strides..<min(band.upperBound * scale + reach, height * scale)
    }

    /// The strides of all convolutions, and of all transposed ones, multiplied; beyond the limit just some number that
    /// is.
    private static func strides(of description: NetworkDescription) -> (down: Int, up: Int) {
        func product(_ first: Int, _ second: Int) -> Int { min(first, strideLimit + 1) * second }
        return description.layers.reduce((down: 1, up: 1)) { strides, layer in
            switch layer {
            case .convolution(let layer): (product(strides.down, layer.stride), strides.up)
            case .transposedConvolution(let layer): (strides.down, product(strides.up, layer.stride))
            case .prelu, .relu: strides
            }
        }
    }

    /// Rows of the input, on each side of the place of an output row, that it may depend on.
    ///
    /// A layer's row r lies on the row r * stride of its input, or r / stride where it is transposed, and reads
    /// `padding` rows before and `kernel - 1 - padding` after, which a transposed layer has only every `stride` rows.
    /// What a layer adds is counted as if no layer before it had enlarged its rows, so that the sum is enough.
    private var reach: Int {
        var reach = abs(model.outputShift)
        var strides = 1
        for layer in model.network.description.padded(model.padding).layers {
            switch layer {
            case .convolution(let layer):
                reach += max(layer.paddingExtent, layer.kernel - 1 - layer.paddingExtent) * strides
                strides *= layer.stride
            case .transposedConvolution(let layer):
                let read = max(layer.padding, layer.kernel - 1 - layer.padding)
                // One more, since r / stride lies between two rows.
                reach += ((read + layer.stride - 1) / layer.stride + 1) * strides
            case .prelu, .relu: break
            }
        }
        return reach
    }

    private func requireCover(of image: Image) throws(ToolFailure) {
        let description = model.network.description.padded(model.padding)
        let inputScale = model.takesEnlarged ? model.scale : 1
        guard let height = description.outputExtent(image.height * inputScale),
            let width = description.outputExtent(image.width * inputScale)
        else {
            throw ToolFailure(
                "an image of \(image.width)x\(image.height) pixels is too small for the model '\(model.name)'")
        }
        func covers(_ count: Int, _ extent: Int) -> Bool {
            EvaluationProtocol.covers(
                count, of: extent * model.scale, scale: model.scale, shift: model.outputShift)
        }
        guard covers(height, image.height), covers(width, image.width) else {
            throw ToolFailure(
                "the model '\(model.name)' gives \(width)x\(height) pixels, shifted by \(model.outputShift), which do "
                    + "not cover the picture of \(image.width * model.scale)x\(image.height * model.scale)")
        }
    }
}
