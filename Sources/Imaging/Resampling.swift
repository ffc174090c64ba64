// SPDX-License-Identifier: Apache-2.0

// Each method of resizing has its own arithmetic, order of passes and edge rule; the sizes are the caller's. Only
// MATLAB's `imresize(image, scale)` computes its weights from a scale that the sizes need not have; everywhere else the
// scale of a dimension is the quotient of its extents.

extension Image {
    /// The image at `scale`, each side rounded by `extents`, which must leave a pixel.
    ///
    /// For `matlab-bicubic` with `.ceiling` this is MATLAB's `imresize(image, scale)` on uint8; with another rounding,
    /// which MATLAB does not have, and for other kernels it is a resizing to the rounded extents.
    package func resized(
        by scale: Double, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder,
        extents: ExtentRounding = .ceiling
    ) -> Image {
        resized(Resampling(height: height, width: width, scale: scale, extents), kernel, border)
    }

    /// The image in other extents: MATLAB's `imresize(image, [height width])`, Pillow's `resize((width, height))`,
    /// OpenCV's `resize(image, (width, height))`, all on 8 bits.
    ///
    /// Kernels that do not take a border ignore it.
    package func resized(
        height: Int, width: Int, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Image {
        resized(Resampling(from: (self.height, self.width), to: (height, width)), kernel, border)
    }

    /// The rows `rows` of the image enlarged by `matlab-bicubic`, and no others: those of `resized(height:width:)`, bit
    /// for bit.
    package func enlarged(by scale: Int, rows: Range<Int>, border: ResamplingBorder) -> Image {
        guard case .matlab(let cubic) = ResamplingKernel.matlabBicubic.method else {
            preconditionFailure("'matlab-bicubic' is MATLAB's")
        }
        let resampling = Resampling(from: (height, width), to: (height * scale, width * scale))
        return Image(
            height: rows.count, width: width * scale, mode: mode,
            pixels: resampling.resampled(
                pixels, channels: channelCount, Bordered(cubic: cubic, border: border), in: RoundedSums.self,
                rows: rows))
    }

    private func resized(_ resampling: Resampling, _ kernel: ResamplingKernel, _ border: ResamplingBorder) -> Image {
        let (height, width) = (resampling.vertical.outputCount, resampling.horizontal.outputCount)
        switch kernel.method {
        case .matlab(let cubic):
            return Image(
                height: height, width: width, mode: mode,
                pixels: resampling.resampled(
                    pixels, channels: channelCount, Bordered(cubic: cubic, border: border), in: RoundedSums.self))
        case .pillow(let filter):
            return resizedAsPillow(height: height, width: width, filter: filter)
        case .pillowNearest:
            return pickedAsPillow(height: height, width: width)
        case .openCVCubic:
            return resizedAsOpenCV(height: height, width: width)
        }
    }
}

extension Plane {
    /// MATLAB's `imresize(plane, scale)` on double, neither rounded nor clipped: each side becomes `ceil(scale *
    /// side)`.
    ///
    /// The kernel is one that resizes planes.
    package func resized(
        by scale: Double, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Plane {
        resized(Resampling(height: height, width: width, scale: scale, .ceiling), kernel, border)
    }

    /// MATLAB's `imresize(plane, [height width])` on double, neither rounded nor clipped.
    ///
    /// The kernel is one that resizes planes.
    package func resized(
        height: Int, width: Int, kernel: ResamplingKernel = .matlabBicubic, border: ResamplingBorder
    ) -> Plane {
        resized(Resampling(from: (self.height, self.width), to: (height, width)), kernel, border)
    }

    private func resized(_ resampling: Resampling, _ kernel: ResamplingKernel, _ border: ResamplingBorder) -> Plane {
        guard case .matlab(let cubic) = kernel.method else {
            preconditionFailure("'\(kernel)' is defined on 8 bits, not on planes")
        }
        return Plane(
            height: resampling.vertical.outputCount, width: resampling.horizontal.outputCount,
            values: resampling.resampled(
                values, channels: 1, Bordered(cubic: cubic, border: border), in: PlainSums.self))
    }
}

/// MATLAB's kernel with what it sees beyond the edge.
private struct Bordered {
    let cubic: KeysCubic
    let border: ResamplingBorder
}

/// The extents and scales of both dimensions.
private struct Resampling {
    struct Dimension {
        let inputCount: Int
        let outputCount: Int
        let scale: Double

        init(from input: Int, to output: Int, scale: Double? = nil) {
            inputCount = input
            outputCount = output
            self.scale = scale ?? Double(output) / Double(input)
        }

        func table(_ kernel: Bordered) -> WeightTable<Double> {
            ResamplingTable(
                inputCount: inputCount, outputCount: outputCount, scale: scale, cubic: kernel.cubic,
                border: kernel.border
            ).table
        }
    }

    let vertical: Dimension
    let horizontal: Dimension

    init(height: Int, width: Int, scale: Double, _ extents: ExtentRounding) {
        let output = (extents.extent(of: height, scaledBy: scale), extents.extent(of: width, scaledBy: scale))
        self.init(from: (height, width), to: output, scale: extents == .ceiling ? scale : nil)
    }

    init(from input: (height: Int, width: Int), to output: (height: Int, width: Int), scale: Double? = nil) {
        precondition(
            output.height > 0 && output.width > 0, "an image cannot be resized to \(output.width)x\(output.height)")
        vertical = Dimension(from: input.height, to: output.height, scale: scale)
        horizontal = Dimension(from: input.width, to: output.width, scale: scale)
    }

    /// MATLAB's order: the dimension with the smaller scale first; equal scales go vertically first.
    ///
    /// - Parameter rows: those of the output that are wanted; nil for all.
    func resampled<Arithmetic: ResamplingArithmetic>(
        _ samples: [Arithmetic.Output], channels: Int, _ kernel: Bordered, in arithmetic: Arithmetic.Type,
        rows wanted: Range<Int>? = nil
    ) -> [Arithmetic.Output] where Arithmetic.Input == Arithmetic.Output, Arithmetic.Sum == Double {
        let all = vertical.table(kernel)
        let rows = wanted.map { all.part($0) } ?? all
        let columns = horizontal.table(kernel)
        if vertical.scale <= horizontal.scale {
            let shrunk = resampledVertically(
                samples, rowLength: horizontal.inputCount * channels, rows, in: arithmetic)
            return resampledHorizontally(
                shrunk, width: horizontal.inputCount, channels: channels, columns, in: arithmetic)
        }
        let shrunk = resampledHorizontally(
            samples, width: horizontal.inputCount, channels: channels, columns, in: arithmetic)
        return resampledVertically(shrunk, rowLength: horizontal.outputCount * channels, rows, in: arithmetic)
    }
}
