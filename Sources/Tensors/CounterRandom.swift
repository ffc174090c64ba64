// SPDX-License-Identifier: Apache-2.0

/// What random numbers are drawn for: a constant of the program, so that two uses never share numbers.
///
/// Numbers in use are never given another meaning, since that would change results.
package struct RandomPurpose: Hashable, Sendable, RawRepresentable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The first values of a network's weights; the sample is the parameter's place in the network.
    package static let weightInitialisation = RandomPurpose(rawValue: 1)
    /// The order of the training samples; the sample is the epoch.
    package static let sampleOrder = RandomPurpose(rawValue: 2)
}

/// Random numbers that are a function of (seed, purpose, sample, draw), with no hidden state: Philox 4x32-10 (Salmon,
/// Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
///
/// The key is the seed, the counter is (block, purpose, low and high half of the sample); each block gives four numbers
/// of 32 bits, used in order.
package struct CounterRandom: Sendable {
    private let key: SIMD2<UInt32>
    private let purpose: UInt32
    private let sample: UInt64
    private var block: UInt32 = 0
    private var words = SIMD4<UInt32>()
    private var used = 4

    package init(seed: UInt64, purpose: RandomPurpose, sample: UInt64) {
        key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
        self.purpose = purpose.rawValue
        self.sample = sample
    }

    /// The next 32 bits.
    ///
    /// At most 2^34 of them can be drawn.
    package mutating func nextUInt32() -> UInt32 {
        if used == 4 { refill() }
        defer { used += 1 }
        return words[used]
    }

    /// The next 64 bits, the first draw as the low half.
    package mutating func nextUInt64() -> UInt64 {
        let low = nextUInt32()
        return UInt64(nextUInt32()) << 32 | UInt64(low)
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    package mutating func nextUniform() -> Double {
        Double(nextUInt64() >> 11) * 0x1p-53
    }

    /// Uniform in `0..<bound` without bias (Lemire's method with rejection); `bound` is at least 1.
    package mutating func next(below bound: Int) -> Int {
        precondition(bound >= 1, "a random integer needs a bound of at least 1, not \(bound)")
        let bound = UInt64(bound)
        var product = nextUInt64().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = nextUInt64().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller's cosine half; two uniform draws each).
    package mutating func nextGaussian() -> Double {
        let radius = (-2 * Elementary.log(1 - nextUniform())).squareRoot()
        return radius * Elementary.cosine(turns: nextUniform())
    }

    /// The numbers `0..<count` in random order (Fisher and Yates, from the end).
    package mutating func permutation(_ count: Int) -> [Int] {
        precondition(count >= 0, "a permutation cannot have \(count) elements")
        var order = Array(0..<count)
        var last = count - 1
        while last > 0 {
            order.swapAt(last, next(below: last + 1))
            last -= 1
        }
        return order
    }

    /// `count` different numbers of `0..<population`, in random order.
    package mutating func sample(_ count: Int, of population: Int) -> [Int] {
        precondition(count >= 0 && count <= population, "\(count) different numbers cannot be drawn from \(population)")
        var order = Array(0..<population)
        for place in 0..<count { order.swapAt(place, place + next(below: population - place)) }
        return Array(order[0..<count])
    }

    private mutating func refill() {
        words = Self.philox(
            counter: [block, purpose, UInt32(truncatingIfNeeded: sample), UInt32(truncatingIfNeeded: sample >> 32)],
            key: key)
        precondition(block != .max, "a stream of random numbers is used up")
        block += 1
        used = 0
    }

    /// Philox 4x32 with ten rounds.
    package static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (counter, key) = (counter, key)
        for _ in 0..<10 {
            let first = UInt64(counter[0]) * 0xD251_1F53
            let second = UInt64(counter[2]) * 0xCD9E_8D57
            counter = [
                UInt32(truncatingIfNeeded: second >> 32) ^ counter[1] ^ key[0], UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ counter[3] ^ key[1], UInt32(truncatingIfNeeded: first),
            ]
            key = key &+ [0x9E37_79B9, 0xBB67_AE85]
        }
        return counter
    }
}
