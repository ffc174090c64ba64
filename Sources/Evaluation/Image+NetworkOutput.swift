// SPDX-License-Identifier: Apache-2.0

package import Imaging

extension Image {
    /// What a network of 1 or 3 channels is given of an 8-bit image, 0...1: its luma, or R, G and B.
    ///
    /// A grey image has three equal channels.
    package func networkInput(channels: Int) -> [Plane] {
        precondition(channels == 1 || channels == 3, "a network has 1 or 3 channels, not \(channels)")
        return channels == 1 ? [Plane(luma)] : rgb.channels.map { Plane($0) }
    }

    /// The picture of a network's output, luma or R, G and B in 0...1: luma gets the colours of `enlarged`, and three
    /// channels become one, weighed as luma weighs them, where `enlarged` is grey.
    package init(networkOutput planes: [Plane], enlarged: Image) {
        precondition(planes.count == 1 || planes.count == 3, "an output has 1 or 3 channels, not \(planes.count)")
        if planes.count == 1 {
            self = enlarged.withLuma(planes[0].quantised)
        } else {
            let output = Image(channels: planes.map(\.quantised))
            self = enlarged.mode == .grey8 ? LumaWeights.matlab.grey(of: output).rounded : output
        }
    }

    /// RGB of three grey images.
    init(channels: [Image]) {
        let (height, width) = (channels[0].height, channels[0].width)
        self.init(height: height, width: width, mode: .rgb8, repeating: 0)
        for (channel, image) in channels.enumerated() {
            for index in 0..<height * width { pixels[3 * index + channel] = image.pixels[index] }
        }
    }

    /// Each channel as a grey image.
    var channels: [Image] {
        (0..<channelCount).map { channel in
            Image(
                height: height, width: width, mode: .grey8,
                pixels: stride(from: channel, to: pixels.count, by: channelCount).map { pixels[$0] })
        }
    }
}

extension Plane {
    /// In other extents, with the pixel of row r and column c at (r + `rowShift`, c + `columnShift`); where nothing is,
    /// the nearest pixel is.
    package func laid(height: Int, width: Int, rowShift: Int, columnShift: Int) -> Plane {
        if rowShift == 0, columnShift == 0, height == self.height, width == self.width { return self }
        var laid = Plane(height: height, width: width, values: [Double](repeating: 0, count: height * width))
        for row in 0..<height {
            let sourceRow = min(max(row - rowShift, 0), self.height - 1)
            for column in 0..<width {
                laid[row, column] = self[sourceRow, min(max(column - columnShift, 0), self.width - 1)]
            }
        }
        return laid
    }

    /// Samples of 0...255 as bytes, half away from zero.
    var rounded: Image {
        Image(height: height, width: width, mode: .grey8, pixels: values.map { UInt8(nearest: $0) })
    }
}
