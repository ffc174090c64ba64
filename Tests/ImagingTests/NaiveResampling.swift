// SPDX-License-Identifier: Apache-2.0

import Imaging

/// Bytes that look random and are the same every time: a multiplicative congruence.
struct TestBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }
}

func naiveCount(_ count: Int, _ scale: Double) -> Int {
    Int((scale * Double(count)).rounded(.up))
}

/// PAPERS 2 read aloud: one sum at a time, no tables.
func naivelyResized(
    _ image: Image, _ height: Int, _ width: Int, _ verticalScale: Double, _ horizontalScale: Double,
    _ border: ResamplingBorder
) -> Image {
    let channels = image.channelCount
    func vertical(_ image: Image) -> Image {
        var result = Image(height: height, width: image.width, mode: image.mode, repeating: 0)
        for column in 0..<image.width {
            for channel in 0..<channels {
                let line = (0..<image.height).map { Double(image[$0, column, channel]) }
                for (row, value) in naivelyResized(line, height, verticalScale, border).enumerated() {
                    result[row, column, channel] = naivelyRounded(value)
                }
            }
        }
        return result
    }
    func horizontal(_ image: Image) -> Image {
        var result = Image(height: image.height, width: width, mode: image.mode, repeating: 0)
        for row in 0..<image.height {
            for channel in 0..<channels {
                let line = (0..<image.width).map { Double(image[row, $0, channel]) }
                for (column, value) in naivelyResized(line, width, horizontalScale, border).enumerated() {
                    result[row, column, channel] = naivelyRounded(value)
                }
            }
        }
        return result
    }
    return verticalScale <= horizontalScale ? horizontal(vertical(image)) : vertical(horizontal(image))
}

func naivelyResized(_ plane: Plane, _ scale: Double, _ border: ResamplingBorder) -> Plane {
    let height = naiveCount(plane.height, scale)
    let width = naiveCount(plane.width, scale)
    var tall = Plane(height: height, width: plane.width, values: [Double](repeating: 0, count: height * plane.width))
    for column in 0..<plane.width {
        let line = (0..<plane.height).map { plane[$0, column] }
        for (row, value) in naivelyResized(line, height, scale, border).enumerated() { tall[row, column] = value }
    }
    var result = Plane(height: height, width: width, values: [Double](repeating: 0, count: height * width))
    for row in 0..<height {
        let line = (0..<plane.width).map { tall[row, $0] }
        for (column, value) in naivelyResized(line, width, scale, border).enumerated() { result[row, column] = value }
    }
    return result
}

private func naivelyResized(
    _ line: [Double], _ count: Int, _ scale: Double, _ border: ResamplingBorder
) -> [Double] {
    let width = scale < 1 ? 4 / scale : 4
    return (1...count).map { output in
        let centre = Double(output) / scale + 0.5 * (1 - 1 / scale)
        let left = Int((centre - width / 2).rounded(.down))
        let positions = Array(left..<left + Int(width.rounded(.up)) + 2)
        let weights = positions.map { position -> Double in
            let distance = centre - Double(position)
            return scale < 1 ? scale * naiveCubic(scale * distance) : naiveCubic(distance)
        }
        let sum = weights.reduce(0, +)
        return zip(positions, weights).reduce(0.0) { total, tap in
            var index = tap.0
            switch border {
            case .clamp: index = min(max(index, 1), line.count)
            case .mirror:
                while index < 1 || index > line.count {
                    index = index < 1 ? 1 - index : 2 * line.count + 1 - index
                }
            }
            return total + tap.1 / sum * line[index - 1]
        }
    }
}

private func naiveCubic(_ distance: Double) -> Double {
    let x = abs(distance)
    if x <= 1 { return 1.5 * (x * x * x) - 2.5 * (x * x) + 1 }
    if x <= 2 { return -0.5 * (x * x * x) + 2.5 * (x * x) - 4 * x + 2 }
    return 0
}

func naivelyRounded(_ value: Double) -> UInt8 {
    UInt8(min(max(value.rounded(.toNearestOrAwayFromZero), 0), 255))
}
