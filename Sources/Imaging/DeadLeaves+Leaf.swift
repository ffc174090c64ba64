// SPDX-License-Identifier: Apache-2.0

import Tensors

/// Red, green and blue, 0...255 nominally; the fourth lane is 0.
typealias Colour = SIMD4<Double>

/// One shape with its place, turned by an angle, and what is painted on it.
///
/// Lengths are in pixels.
struct Leaf {
    let x: Double
    let y: Double
    let radius: Double
    let cosine: Double
    let sine: Double
    let outline: Outline
    private let paint: Paint
    /// How much lighter the leaf is where u = radius, of 255.
    private let shade: Double

    /// No sample farther from the centre than this is covered.
    var reach: Double { radius * outline.reach }

    init(_ random: inout CounterRandom, height: Int, width: Int, palette: Palette) {
        let largest = Double(min(height, width)) * 0.4
        radius = powerLaw(random.nextUniform(), from: min(2, largest), to: largest)
        x = (random.nextUniform() * 1.2 - 0.1) * Double(width)
        y = (random.nextUniform() * 1.2 - 0.1) * Double(height)
        let isLarge = radius > 18
        paint = Paint(&random, palette: palette, isLarge: isLarge)
        if case .text = paint {
            // Lines of text lie nearly level, on a plate.
            (cosine, sine) = direction(tilt: (random.nextUniform() - 0.5) * 0.3)
            outline = .rectangle(0.35 + 0.5 * random.nextUniform())
        } else {
            (cosine, sine) = direction(&random)
            outline = Outline(&random)
        }
        shade = (random.nextUniform() - 0.5) * 40
    }

    /// The leaf beneath all others, which covers the whole image.
    init(ground random: inout CounterRandom, height: Int, width: Int, palette: Palette) {
        x = Double(width) / 2
        y = Double(height) / 2
        radius = Double(height + width)
        (cosine, sine) = direction(&random)
        outline = .disc
        paint = Paint(&random, palette: palette, isLarge: false)
        shade = (random.nextUniform() - 0.5) * 120
    }

    /// The colour at (u, v) pixels from the centre along the leaf's own axes.
    func colour(_ u: Double, _ v: Double, grain: Grain) -> Colour {
        let light = shade * u / radius
        return paint.colour(u, v, radius: radius, grain: grain) + Colour(light, light, light, 0)
    }
}

/// A radius between the two with a density that falls as its square.
private func powerLaw(_ uniform: Double, from least: Double, to largest: Double) -> Double {
    1 / (1 / least - uniform * (1 / least - 1 / largest))
}

/// A direction near the axis: the cosine and sine of twice the arc tangent of half the tilt.
private func direction(tilt: Double) -> (cosine: Double, sine: Double) {
    let t = tilt / 2
    return ((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t))
}

/// A direction uniform on the circle, by rejection from the square.
private func direction(_ random: inout CounterRandom) -> (cosine: Double, sine: Double) {
    while true {
        let (a, b) = (2 * random.nextUniform() - 1, 2 * random.nextUniform() - 1)
        let square = a * a + b * b
        guard square <= 1 && square > 0.01 else { continue }
        let length = square.squareRoot()
        return (a / length, b / length)
    }
}

/// The form of a leaf in units of its radius.
enum Outline {
    case disc
    /// Half the height, of half the width 1
    case ellipse(Double)
    case rectangle(Double)
    /// A triangle with its corners on the circle
    case triangle
    /// A ring with this inner radius
    case ring(Double)
    /// A rectangle far longer than it is high, longer than the radius
    case beam(Double)

    init(_ random: inout CounterRandom) {
        let extent = random.nextUniform()
        switch random.next(below: 16) {
        case 0..<4: self = .disc
        case 4..<7: self = .ellipse(0.3 + 0.6 * extent)
        case 7..<11: self = .rectangle(0.3 + 0.7 * extent)
        case 11..<13: self = .triangle
        case 13: self = .ring(0.5 + 0.4 * extent)
        default: self = .beam(0.04 + 0.16 * extent)
        }
    }

    var reach: Double {
        switch self {
        case .disc, .ellipse, .triangle, .ring: 1
        case .rectangle(let half): (1 + half * half).squareRoot()
        case .beam(let half): (4 + half * half).squareRoot()
        }
    }

    func contains(_ u: Double, _ v: Double) -> Bool {
        switch self {
        case .disc: return u * u + v * v <= 1
        case .ellipse(let half): return u * u + (v / half) * (v / half) <= 1
        case .rectangle(let half): return abs(u) <= 1 && abs(v) <= half
        case .triangle: return u >= -0.5 && u + 1.732 * abs(v) <= 1
        case .ring(let inner):
            let square = u * u + v * v
            return square <= 1 && square >= inner * inner
        case .beam(let half): return abs(u) <= 2 && abs(v) <= half
        }
    }
}
