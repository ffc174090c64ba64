// SPDX-License-Identifier: Apache-2.0

/// A convolution (as networks define it: no kernel flip), weights (outputs, inputs / groups, kernel, kernel), with
/// `padding` pixels on each side.
///
/// Each group of outputs sees the inputs of its group only. An output is the bias plus one fma per tap in the order
/// input, kernel row, kernel column.
package struct Convolution: Hashable, Sendable {
    package let inputs, outputs: Int
    package let kernel: Int
    package let stride: Int
    package let groups: Int
    package let padding: Int

    package init(inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, padding: Int) {
        precondition(inputs > 0 && outputs > 0 && kernel > 0 && stride > 0, "a convolution has an extent below 1")
        precondition(
            groups > 0 && inputs.isMultiple(of: groups) && outputs.isMultiple(of: groups),
            "\(groups) groups do not divide \(inputs) and \(outputs) channels")
        precondition(padding >= 0, "a padding of \(padding) pixels is none")
        (self.inputs, self.outputs, self.kernel) = (inputs, outputs, kernel)
        (self.stride, self.groups, self.padding) = (stride, groups, padding)
    }

    package var weightCount: Int { outputs * groupInputs * kernel * kernel }

    /// The extent that an extent of the input becomes.
    package func outputExtent(_ extent: Int) -> Int {
        precondition(extent + 2 * padding >= kernel, "an extent of \(extent) is too small for a kernel of \(kernel)")
        return (extent + 2 * padding - kernel) / stride + 1
    }

    /// What the input's grid must have around it, filled as the layer's border says.
    package var inputMargins: Margins { Margins(padding) }

    /// What the output gradient's grid must have around it, filled with zeros, for an input of an extent.
    package func gradientMargins(_ border: Border, height: Int, width: Int) -> Margins {
        spread(0, border, height, width)
            .inputMargins(height: outputExtent(height), width: outputExtent(width))
    }

    /// The pixels beyond the input that have gradients of their own: those of a replicated border, which
    /// `Grid.foldMargins` brings home.
    package func borderMargins(_ border: Border) -> Margins { border == .replicate ? Margins(padding) : Margins() }

    /// What the input gradient's grid must have around it: the pixels of the border, and those that are spoilt.
    package func inputGradientMargins(_ border: Border) -> Margins {
        Margins(borderMargins(border).top + stride - 1)
    }

    /// The sums, one object a group.
    package func forward(from input: Grid, to output: Grid) -> [WeightedSums] {
        check(input, output)
        return forward(from: input, to: output, shift: (0, 0), phases: nil)
    }

    /// The sums of a part of an image: `shift` is how many rows and columns of the input's image coordinates the
    /// output's first pixel (as a place of the input, before padding) lies after the input grid's first pixel.
    ///
    /// With a stride above 1 an image is read from its `phases`.
    package func forward(
        from input: Grid, to output: Grid, shift: (rows: Int, columns: Int), phases: ColumnPhases?
    ) -> [WeightedSums] {
        precondition(input.layout == .batch || stride == 1 || phases != nil, "a strided image is read by phases")
        return (0..<groups).map { group in
            let taps = kernelPlaces(inputChannels(group)).map { place in
                let (row, column) = (shift.rows + place.row - padding, shift.columns + place.column - padding)
                if let phases { return phases.offset(channel: place.channel, row: row, column: column) }
                return input.origin + input.offset(channel: place.channel, row: row, column: column)
            }
            let channels = outputChannels(group)
            return WeightedSums(
                tapOffsets: taps, inputRow: (phases?.planes.rowStride ?? input.rowStride) * stride,
                inputColumn: Grid.lanes * (input.layout == .batch ? stride : 1),
                outputOffsets: channels.map { output.origin + output.offset(channel: $0, row: 0, column: 0) },
                outputRow: output.rowStride, outputColumn: Grid.lanes, rows: output.height, columns: output.columns,
                channels: Array(channels),
                weightIndex: { tap, output in (channels.lowerBound + output) * taps.count + tap })
        }
    }

    /// The gradient of the input from that of the output, one object for each group and each group of phases.
    ///
    /// With a replicated border the gradient of the padded input is made; `Grid.foldMargins` then brings it home. With
    /// a stride above 1 up to stride - 1 pixels around what is written are spoilt.
    package func inputGradient(from gradient: Grid, to input: Grid, border: Border) -> [WeightedSums] {
        check(input, gradient)
        return (0..<groups).flatMap { group in
            spread(group, border, input.height, input.width)
                .sums(from: gradient, to: input, start: -borderMargins(border).top)
        }
    }

    /// The gradient of the weights from the padded input and the gradient of the output, one object a group.
    package func weightGradient(input: Grid, gradient: Grid) -> [PixelProducts] {
        check(input, gradient)
        return (0..<groups).map { group in
            PixelProducts(
                denseOrigin: gradient.origin
                    + gradient.offset(channel: outputChannels(group).lowerBound, row: 0, column: 0),
                channels: groupOutputs, denseChannel: gradient.channelStride, denseRow: gradient.rowStride,
                tapOffsets: kernelPlaces(inputChannels(group)).map { place in
                    input.origin
                        + input.offset(channel: place.channel, row: place.row - padding, column: place.column - padding)
                },
                inputRow: input.rowStride * stride, inputColumn: Grid.lanes * stride,
                rows: gradient.height, columns: gradient.columns)
        }
    }

    private var groupInputs: Int { inputs / groups }
    private var groupOutputs: Int { outputs / groups }

    private func inputChannels(_ group: Int) -> Range<Int> { group * groupInputs..<(group + 1) * groupInputs }
    private func outputChannels(_ group: Int) -> Range<Int> { group * groupOutputs..<(group + 1) * groupOutputs }

    private func kernelPlaces(_ channels: Range<Int>) -> [(channel: Int, row: Int, column: Int)] {
        let square = kernel * kernel
        return (0..<channels.count * square).map {
            (channels.lowerBound + $0 / square, $0 / kernel % kernel, $0 % kernel)
        }
    }

    /// The way of the output's gradient back to the input: each output pixel spreads over those that it was made of.
    private func spread(_ group: Int, _ border: Border, _ height: Int, _ width: Int) -> PhasedSums {
        let beyond = borderMargins(border)
        let square = kernel * kernel
        return PhasedSums(
            inputs: outputChannels(group), outputs: inputChannels(group), kernel: kernel, stride: stride,
            padding: padding - beyond.top, rows: height + 2 * beyond.top, columns: width + 2 * beyond.left,
            weightIndex: { output, input, row, column in
                ((group * groupOutputs + output) * groupInputs + input) * square + row * kernel + column
            })
    }

    private func check(_ input: Grid, _ output: Grid) {
        precondition(
            input.channels == inputs && output.channels == outputs && output.height == outputExtent(input.height)
                && output.width == outputExtent(input.width), "the grids do not fit the convolution")
    }
}
