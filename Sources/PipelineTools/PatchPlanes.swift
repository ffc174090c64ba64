// SPDX-License-Identifier: Apache-2.0

import Imaging
import TensorStore
import Tensors
import Training

/// One image as patches are cut from it: inputs and HR labels, channel by channel.
struct PatchPlanes {
    enum Inputs {
        /// In 0...1 unless resampling overshoots; neither quantised nor clipped.
        case numbers(ChannelPlanes<Float>)
        /// As 8-bit kernels leave them.
        case bytes(ChannelPlanes<UInt8>)
    }

    let inputs: Inputs
    let labels: ChannelPlanes<UInt8>

    /// Cuts the image to a multiple of the scale, which must leave something, and makes it small; for `srcnn`, then
    /// large again.
    ///
    /// MATLAB's kernel works on values in 0...1 in double precision, of luma taken before (the authors'
    /// `generate_train`). Kernels on bytes shrink the image as it is, and luma is taken after, as scripts with Pillow
    /// and OpenCV do.
    init(_ image: Image, _ rule: PatchRule) {
        let scale = rule.geometry.scale
        guard let high = (rule.colours == .luma ? image.luma : image.rgb).cropped(toMultipleOf: scale) else {
            preconditionFailure("an image of \(image.width)x\(image.height) is smaller than its scale")
        }
        labels = ChannelPlanes(high)
        if rule.kernel.resizesPlanes {
            inputs = .numbers(
                ChannelPlanes(
                    labels.planes.map { plane in
                        let low = plane.resized(by: 1 / Double(scale), kernel: rule.kernel, border: rule.border)
                        return rule.geometry.inputScale == scale
                            ? low
                            : low.resized(
                                height: plane.height, width: plane.width, kernel: rule.kernel, border: rule.border)
                    }))
        } else {
            let whole = image.cropped(top: 0, left: 0, height: high.height, width: high.width)
            let low = whole.resized(
                height: high.height / scale, width: high.width / scale, kernel: rule.kernel, border: rule.border)
            let input =
                rule.geometry.inputScale == scale
                ? low : low.resized(height: high.height, width: high.width, kernel: rule.kernel, border: rule.border)
            inputs = .bytes(ChannelPlanes(rule.colours == .luma ? input.luma : input.rgb))
        }
    }
}

/// The channels of an image one after the other: (channel, row, column).
struct ChannelPlanes<Element: TensorElement> {
    let height: Int
    let width: Int
    let channelCount: Int
    let values: [Element]

    /// Cuts squares of `size` pixels and hands them to `body` a few at a time, each (channel, row, column), with the
    /// index of the first.
    ///
    /// - Parameters:
    ///   - positions: of the first pixel in units of `scale`, from `start` on.
    func cut(
        size: Int, at positions: [(row: Int, column: Int)], scale: Int, start: Int,
        _ body: (_ first: Int, UnsafeBufferPointer<Element>) throws -> Void
    ) rethrows {
        let patchCount = channelCount * size * size
        let capacity = max(1, 1 << 19 / (patchCount * MemoryLayout<Element>.stride))
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: min(capacity, positions.count) * patchCount)
        defer { buffer.deallocate() }
        for first in Swift.stride(from: 0, to: positions.count, by: capacity) {
            let part = positions[first..<min(first + capacity, positions.count)]
            copy(part, size: size, scale: scale, start: start, to: buffer)
            try body(first, UnsafeBufferPointer(rebasing: buffer[..<(part.count * patchCount)]))
        }
    }

    private func copy(
        _ positions: ArraySlice<(row: Int, column: Int)>, size: Int, scale: Int, start: Int,
        to buffer: UnsafeMutableBufferPointer<Element>
    ) {
        values.withUnsafeBufferPointer { values in
            guard let source = values.baseAddress, var target = buffer.baseAddress else { return }
            for (row, column) in positions {
                let (top, left) = (row * scale + start, column * scale + start)
                precondition(
                    top >= 0 && left >= 0 && top + size <= height && left + size <= width,
                    "a patch of \(size) pixels at row \(top), column \(left) leaves a plane of \(width)x\(height)")
                for channel in 0..<channelCount {
                    var line = source + (channel * height + top) * width + left
                    for _ in 0..<size {
                        target.initialize(from: line, count: size)
                        target += size
                        line += width
                    }
                }
            }
        }
    }
}

extension ChannelPlanes<UInt8> {
    init(_ image: Image) {
        (height, width, channelCount) = (image.height, image.width, image.channelCount)
        values = channelCount == 1 ? image.pixels : Self.planar(image)
    }

    private static func planar(_ image: Image) -> [UInt8] {
        let (count, channels) = (image.height * image.width, image.channelCount)
        return [UInt8](unsafeUninitializedCapacity: count * channels) { output, initializedCount in
            image.pixels.withUnsafeBufferPointer { input in
                for channel in 0..<channels {
                    for index in 0..<count { output[channel * count + index] = input[index * channels + channel] }
                }
            }
            initializedCount = count * channels
        }
    }

    /// Each channel divided by 255, as MATLAB's `im2double`.
    fileprivate var planes: [Plane] {
        let count = height * width
        let quotients = (0...255).map { Double($0) / 255 }
        return (0..<channelCount).map { channel in
            Plane(
                height: height, width: width,
                values: values[channel * count..<(channel + 1) * count].map { quotients[Int($0)] })
        }
    }
}

extension ChannelPlanes<Float> {
    /// Planes of one size, rounded to single precision.
    init(_ planes: [Plane]) {
        precondition(!planes.isEmpty, "an image has at least one channel")
        (height, width, channelCount) = (planes[0].height, planes[0].width, planes.count)
        values = planes.flatMap { $0.values.map(Float.init) }
    }
}
