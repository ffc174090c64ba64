// SPDX-License-Identifier: Apache-2.0

import Tensors

/// A few colours that an image keeps to.
struct Palette {
    private let anchors: [Colour]

    init(_ random: inout CounterRandom) {
        anchors = (0..<6).map { _ in
            let light = 25 + 205 * random.nextUniform()
            // Warm to cold and green to magenta, stronger at middle lightness, as in photographs.
            let strength = 64 * (1 - abs(light - 128) / 160)
            let warm = (random.nextUniform() + random.nextUniform() - 0.9) * strength
            let green = (random.nextUniform() + random.nextUniform() - 1) * strength * 0.6
            return Colour(light + warm, light + green, light - warm, 0)
        }
    }

    /// One of the colours, a little off.
    func colour(_ random: inout CounterRandom) -> Colour {
        let anchor = anchors[random.next(below: anchors.count)]
        let light = (random.nextUniform() - 0.5) * 70
        let jitter = Colour(random.nextUniform(), random.nextUniform(), random.nextUniform(), 0.5) - 0.5
        return anchor + jitter * 24 + Colour(light, light, light, 0)
    }
}

/// Values in -1...1 at the points of an endless lattice.
struct Grain {
    private let values: [Double]
    private let permutation: [Int]

    init(_ random: inout CounterRandom) {
        values = (0..<256).map { _ in 2 * random.nextUniform() - 1 }
        permutation = random.permutation(256)
    }

    /// Between lattice points, smoothly.
    func value(_ x: Double, _ y: Double) -> Double {
        let (column, row) = (x.rounded(.down), y.rounded(.down))
        let (s, t) = (eased(x - column), eased(y - row))
        let (i, j) = (Int(column), Int(row))
        let above = mixed(lattice(i, j), lattice(i + 1, j), s)
        let below = mixed(lattice(i, j + 1), lattice(i + 1, j + 1), s)
        return mixed(above, below, t)
    }

    private func lattice(_ i: Int, _ j: Int) -> Double {
        values[permutation[(permutation[i & 255] + j) & 255]]
    }

    private func eased(_ t: Double) -> Double { t * t * (3 - 2 * t) }
    private func mixed(_ a: Double, _ b: Double, _ t: Double) -> Double { a + (b - a) * t }
}

/// What is seen on a leaf; lengths are in pixels.
enum Paint {
    case plain(Colour)
    /// From one colour to another across the leaf
    case gradient(Colour, Colour)
    /// A wave between two colours; with `sharpness` above 1 its crests and troughs are cut off to stripes
    case wave(Colour, Colour, period: Double, phase: Double, sharpness: Double)
    /// Two waves at right angles, as woven
    case weave(Colour, Colour, period: Double, sharpness: Double)
    /// Four octaves of noise, stretched along the leaf
    case noise(Colour, Colour, period: Double, stretch: Double, offset: Double)
    case text(paper: Colour, ink: Colour, Lettering)

    init(_ random: inout CounterRandom, palette: Palette, isLarge: Bool) {
        let (a, b) = (palette.colour(&random), palette.colour(&random))
        // A texture seldom takes the whole way from one colour to another.
        let near = a + (b - a) * (0.15 + 0.6 * random.nextUniform())
        let period = 4 + 14 * random.nextUniform() * random.nextUniform()
        let extra = random.nextUniform()
        switch random.next(below: 20) {
        case 0..<6: self = .plain(a)
        case 6..<10: self = .gradient(a, near)
        case 10..<12: self = .wave(a, near, period: period, phase: extra, sharpness: 1)
        case 12..<14: self = .wave(a, near, period: 1.3 * period, phase: extra, sharpness: 8)
        case 14: self = .weave(a, near, period: 1.5 * period, sharpness: extra < 0.5 ? 1 : 8)
        case 15..<17: self = .noise(a, near, period: 2 * period, stretch: 1 + 4 * extra, offset: 256 * extra)
        default:
            guard isLarge else {
                self = .plain(b)
                return
            }
            let isDark = (a - b).sum() > 0
            let contrast = isDark ? -70.0 : 70
            let ink = b + Colour(contrast, contrast, contrast, 0)
            self = .text(paper: a, ink: ink, Lettering(&random))
        }
    }

    func colour(_ u: Double, _ v: Double, radius: Double, grain: Grain) -> Colour {
        switch self {
        case .plain(let a):
            return a
        case .gradient(let a, let b):
            return a + (b - a) * (0.5 + 0.5 * v / radius)
        case .wave(let a, let b, let period, let phase, let sharpness):
            return a + (b - a) * level(wave(u / period + phase) * sharpness)
        case .weave(let a, let b, let period, let sharpness):
            return a + (b - a) * level(wave(u / period) * wave(v / period) * sharpness)
        case .noise(let a, let b, let period, let stretch, let offset):
            var (amplitude, frequency, sum) = (1.0, 1 / period, 0.0)
            for _ in 0..<4 {
                sum += amplitude * grain.value(u * frequency / stretch + offset, v * frequency)
                amplitude *= 0.6
                frequency *= 2
            }
            return a + (b - a) * level(sum)
        case .text(let paper, let ink, let lettering):
            return lettering.isInk(u, v, radius: radius) ? ink : paper
        }
    }

    /// -1...1 to 0...1, cut off beyond.
    private func level(_ value: Double) -> Double {
        0.5 + 0.5 * min(max(value, -1), 1)
    }

    /// A sine of period 1, to 6 % its parabola.
    private func wave(_ turns: Double) -> Double {
        let phase = turns - turns.rounded(.down)
        return phase < 0.5 ? 16 * phase * (0.5 - phase) : -16 * (phase - 0.5) * (1 - phase)
    }
}

/// Lines of strokes that look like writing nobody can read.
struct Lettering {
    /// The strokes of 64 letters, a bit each; 0 is a space.
    private let letters: [UInt16]
    private let letterHeight: Double
    /// Half a stroke's width, of the letter's height.
    private let halfStroke: Double
    private let slant: Double

    init(_ random: inout CounterRandom) {
        letterHeight = 8 + 12 * random.nextUniform() * random.nextUniform()
        halfStroke = 0.05 + 0.05 * random.nextUniform()
        slant = random.next(below: 3) == 0 ? 0.25 : 0
        letters = (0..<64).map { _ in
            guard random.next(below: 6) > 0 else { return 0 }
            // Three of the strokes, seldom the same one twice.
            return (0..<3).reduce(0) { bits, _ in bits | 1 << UInt16(random.next(below: strokes.count)) }
        }
    }

    /// Letters stand in cells 0.7 wide with a margin, lines 1.5 apart; the plate's edge stays blank.
    func isInk(_ u: Double, _ v: Double, radius: Double) -> Bool {
        guard abs(u) < radius - 0.3 * letterHeight else { return false }
        let line = v / (1.5 * letterHeight)
        let row = line.rounded(.down)
        let y = (line - row) * 1.5
        let along = (u / letterHeight + slant * y) / 0.7
        let column = along.rounded(.down)
        let x = (along - column) * 0.7
        let letter = letters[(Int(row) &* 23 &+ Int(column) &* 7) & 63]
        guard letter != 0 && y < 1.1 && x < 0.62 else { return false }
        return strokes.indices.contains { letter >> UInt16($0) & 1 == 1 && strokes[$0].distance(x, y) <= halfStroke }
    }
}

/// A straight or round stroke within a letter, 0.1...0.5 across and 0.1...1 down.
private enum Stroke {
    case line(x: Double, y: Double, dx: Double, dy: Double)
    case ring(x: Double, y: Double, radius: Double)

    func distance(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .line(let x0, let y0, let dx, let dy):
            let along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)
            let nearest = min(max(along, 0), 1)
            let (a, b) = (x - x0 - nearest * dx, y - y0 - nearest * dy)
            return (a * a + b * b).squareRoot()
        case .ring(let x0, let y0, let radius):
            let (a, b) = (x - x0, y - y0)
            return abs((a * a + b * b).squareRoot() - radius)
        }
    }
}

private let strokes: [Stroke] = [
    .line(x: 0.1, y: 0.1, dx: 0, dy: 0.9),
    .line(x: 0.5, y: 0.1, dx: 0, dy: 0.9),
    .line(x: 0.3, y: 0.1, dx: 0, dy: 0.9),
    .line(x: 0.1, y: 0.1, dx: 0.4, dy: 0),
    .line(x: 0.1, y: 0.55, dx: 0.4, dy: 0),
    .line(x: 0.1, y: 1, dx: 0.4, dy: 0),
    .line(x: 0.1, y: 1, dx: 0.4, dy: -0.9),
    .line(x: 0.1, y: 0.1, dx: 0.4, dy: 0.9),
    .ring(x: 0.3, y: 0.78, radius: 0.2),
    .ring(x: 0.3, y: 0.32, radius: 0.2),
    .line(x: 0.1, y: 0.55, dx: 0, dy: 0.45),
]
