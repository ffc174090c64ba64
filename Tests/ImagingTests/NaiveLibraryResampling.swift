// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// Pillow's and OpenCV's descriptions read aloud: one pixel at a time, no tables.
func naivelyResized(_ image: Image, _ height: Int, _ width: Int, _ kernel: ResamplingKernel) -> Image {
    switch kernel {
    case .pillowNearest: return naivelyPicked(image, height, width)
    case .openCVCubic: return naivelyResizedByOpenCV(image, height, width)
    default: return naivelyResizedByPillow(image, height, width, kernel)
    }
}

private func naivelyPicked(_ image: Image, _ height: Int, _ width: Int) -> Image {
    func position(_ output: Int, _ from: Int, _ to: Int) -> Int {
        var position = Double(from) / Double(to) * 0.5
        for _ in 0..<output { position += Double(from) / Double(to) }
        return Int(position)
    }
    var result = Image(height: height, width: width, mode: image.mode, repeating: 0)
    for row in 0..<height {
        for column in 0..<width {
            for channel in 0..<image.channelCount {
                result[row, column, channel] =
                    image[position(row, image.height, height), position(column, image.width, width), channel]
            }
        }
    }
    return result
}

private func naivelyResizedByPillow(_ image: Image, _ height: Int, _ width: Int, _ kernel: ResamplingKernel) -> Image {
    func vertical(_ image: Image) -> Image {
        if image.height == height { return image }
        var result = Image(height: height, width: image.width, mode: image.mode, repeating: 0)
        for column in 0..<image.width {
            for channel in 0..<image.channelCount {
                let line = (0..<image.height).map { image[$0, column, channel] }
                for row in 0..<height { result[row, column, channel] = naiveSample(line, row, height, kernel) }
            }
        }
        return result
    }
    func horizontal(_ image: Image) -> Image {
        if image.width == width { return image }
        var result = Image(height: image.height, width: width, mode: image.mode, repeating: 0)
        for row in 0..<image.height {
            for channel in 0..<image.channelCount {
                let line = (0..<image.width).map { image[row, $0, channel] }
                for column in 0..<width { result[row, column, channel] = naiveSample(line, column, width, kernel) }
            }
        }
        return result
    }
    let shrinksInHeight = height < image.height
    let losesMostlyHeight = image.height - height > 2 * (image.width - width)
    return shrinksInHeight && losesMostlyHeight ? horizontal(vertical(image)) : vertical(horizontal(image))
}

/// Output `output` of `count` of a line, by Pillow's fixed point of 22 bits.
private func naiveSample(_ line: [UInt8], _ output: Int, _ count: Int, _ kernel: ResamplingKernel) -> UInt8 {
    let radius = [
        "pillow-box": 0.5, "pillow-bilinear": 1, "pillow-hamming": 1, "pillow-bicubic": 2, "pillow-lanczos": 3,
    ][kernel.name, default: 0]
    let step = Double(line.count) / Double(count)
    let stretch = step < 1 ? 1 : step
    let centre = (Double(output) + 0.5) * step
    var taps: [(pixel: UInt8, weight: Double)] = []
    for (index, pixel) in line.enumerated() {
        guard index >= Int(centre - radius * stretch + 0.5), index < Int(centre + radius * stretch + 0.5) else {
            continue
        }
        let distance = (Double(index) - centre + 0.5) * (1 / stretch)
        taps.append((pixel, naiveWeight(distance, kernel)))
    }
    var total = 0.0
    for tap in taps { total += tap.weight }
    var sum = 2_097_152
    for tap in taps {
        let weight = total == 0 ? tap.weight : tap.weight / total
        sum += Int(tap.pixel) * Int((weight * 4_194_304).rounded(.toNearestOrAwayFromZero))
    }
    let value = (Double(sum) / 4_194_304).rounded(.down)
    return UInt8(min(max(value, 0), 255))
}

/// The C library's sine and cosine, as in Pillow.
private func naiveWeight(_ distance: Double, _ kernel: ResamplingKernel) -> Double {
    let x = abs(distance)
    func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
    switch kernel {
    case .pillowBox: return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .pillowBilinear: return max(1 - x, 0)
    case .pillowHamming:
        let window = Double(Float(0.54)) + Double(Float(0.46)) * cos(x * .pi)
        return x >= 1 ? 0 : x == 0 ? 1 : sinc(x) * window
    case .pillowBicubic:
        let a = -0.5
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    default: return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0
    }
}

private func naivelyResizedByOpenCV(_ image: Image, _ height: Int, _ width: Int) -> Image {
    if image.height == height && image.width == width { return image }
    let channels = image.channelCount
    var result = Image(height: height, width: width, mode: image.mode, repeating: 0)
    for row in 0..<height {
        let (rows, rowWeights) = naiveOpenCVTaps(row, image.height, height)
        for column in 0..<width {
            let (columns, columnWeights) = naiveOpenCVTaps(column, image.width, width)
            for channel in 0..<channels {
                let sums = rows.map { row in
                    zip(columns, columnWeights).reduce(0) { $0 + Int(image[row, $1.0, channel]) * $1.1 }
                }
                let isInVector = column * channels + channel < width * channels / 8 * 8
                var value = 0.0
                if isInVector {
                    let products = zip(sums, rowWeights).map { Float($0) * (Float($1) * 0x1p-22) }
                    let sum = products[0] + (products[1] + (products[2] + products[3]))
                    value = Double(sum.rounded(.toNearestOrEven))
                } else {
                    let sum = zip(sums, rowWeights).reduce(0) { $0 + $1.0 * $1.1 }
                    value = (Double(sum) * 0x1p-22 + 0.5).rounded(.down)
                }
                result[row, column, channel] = UInt8(min(max(value, 0), 255))
            }
        }
    }
    return result
}

/// Positions within the image and weights of 11 bits.
private func naiveOpenCVTaps(_ output: Int, _ from: Int, _ to: Int) -> ([Int], [Int]) {
    let scale = 1 / (Double(to) / Double(from))
    let position = Float((Double(output) + 0.5) * scale - 0.5)
    let first = Int(position.rounded(.down))
    let x = position - Float(first)
    let a: Float = -0.75
    func inner(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
    let outer = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    let weights = [outer, inner(x), inner(1 - x), 1 - outer - inner(x) - inner(1 - x)]
    return (
        (first - 1...first + 2).map { min(max($0, 0), from - 1) },
        weights.map { Int(($0 * 2048).rounded(.toNearestOrEven)) }
    )
}
