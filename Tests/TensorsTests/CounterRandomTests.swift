// SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@Suite struct CounterRandomTests {
    @Test func `Philox gives the published answers of Random123`() {
        let zero = CounterRandom.philox(counter: [0, 0, 0, 0], key: [0, 0])
        #expect(zero == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        let ones = CounterRandom.philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        #expect(ones == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        let pi = CounterRandom.philox(
            counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
        #expect(pi == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test func `draws are the words of the blocks in order`() {
        var random = CounterRandom(seed: 0x0123_4567_89ab_cdef, purpose: .sampleOrder, sample: 0xfedc_ba98_7654_3210)
        for block in 0..<3 {
            let words = CounterRandom.philox(
                counter: [UInt32(block), 2, 0x7654_3210, 0xfedc_ba98], key: [0x89ab_cdef, 0x0123_4567])
            for word in 0..<4 { #expect(random.nextUInt32() == words[word]) }
        }
    }

    @Test func `seed, purpose and sample each change the numbers`() {
        func first(_ seed: UInt64, _ purpose: UInt32, _ sample: UInt64) -> UInt64 {
            var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: purpose), sample: sample)
            return random.nextUInt64()
        }
        #expect(Set([first(1, 1, 1), first(2, 1, 1), first(1, 2, 1), first(1, 1, 2), first(1, 1, 1 << 32)]).count == 5)
    }

    @Test func `bounded integers reach every value equally often`() {
        var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 1002), sample: 0)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.next(below: 7)] += 1 }
        for count in counts { #expect(abs(count - 10_000) < 500) }
        #expect(random.next(below: 1) == 0)
    }

    @Test func `uniform numbers stay below one and fill the interval`() {
        var random = CounterRandom(seed: 2, purpose: RandomPurpose(rawValue: 1002), sample: 0)
        let values = (0..<10_000).map { _ in random.nextUniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(values.reduce(0, +) / 10_000 - 0.5) < 0.02)
    }

    @Test func `Gaussian numbers have mean zero, variance one and the right tails`() {
        var random = CounterRandom(seed: 3, purpose: RandomPurpose(rawValue: 1002), sample: 0)
        let values = (0..<100_000).map { _ in random.nextGaussian() }
        let mean = values.reduce(0, +) / 100_000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean) < 0.01)
        #expect(abs(variance - 1) < 0.02)
        let beyondTwo = values.filter { $0.magnitude > 2 }.count
        #expect(abs(beyondTwo - 4550) < 300)
    }

    @Test func `a permutation has every number once and differs by sample`() {
        for count in 0...20 {
            var random = CounterRandom(seed: 4, purpose: .sampleOrder, sample: UInt64(count))
            #expect(random.permutation(count).sorted() == Array(0..<count))
        }
        var one = CounterRandom(seed: 4, purpose: .sampleOrder, sample: 0)
        var two = CounterRandom(seed: 4, purpose: .sampleOrder, sample: 1)
        #expect(one.permutation(50) != two.permutation(50))
    }

    @Test func `a sample without replacement has different numbers`() {
        var random = CounterRandom(seed: 5, purpose: .sampleOrder, sample: 0)
        for count in 0...10 {
            let numbers = random.sample(count, of: 10)
            #expect(numbers.count == count && Set(numbers).count == count)
            #expect(numbers.allSatisfy { (0..<10).contains($0) })
        }
    }
}
