// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Foundation
import Testing

@Suite struct DecimalsTests {
    @Test func `halves go away from zero on the exact value`() {
        #expect((2.5).formatted(decimals: 0) == "3")
        #expect((-2.5).formatted(decimals: 0) == "-3")
        #expect((0.125).formatted(decimals: 2) == "0.13")
        #expect((1.005).formatted(decimals: 2) == "1.00")
        #expect((0.5).formatted(decimals: 0) == "1")
        #expect((0.49999999999999994).formatted(decimals: 0) == "0")
        #expect((9.9375).formatted(decimals: 3) == "9.938")
        #expect((99.96).formatted(decimals: 1) == "100.0")
    }

    @Test func `small and large numbers are written out`() {
        #expect((0.0).formatted(decimals: 2) == "0.00")
        #expect((-0.001).formatted(decimals: 2) == "0.00")
        #expect((-0.005).formatted(decimals: 2) == "-0.01")
        #expect((0x1p-1074).formatted(decimals: 3) == "0.000")
        #expect((1e22).formatted(decimals: 1) == "10000000000000000000000.0")
        #expect((123456789.0).formatted(decimals: 0) == "123456789")
        #expect((1000000000.0).formatted(decimals: 0) == "1000000000")
        #expect((33.06).formatted(decimals: 10) == "33.0600000000")
        #expect(Double.greatestFiniteMagnitude.formatted(decimals: 0).count == 309)
    }

    @Test func `what is no number has a name`() {
        #expect(Double.nan.formatted(decimals: 2) == "nan")
        #expect(Double.infinity.formatted(decimals: 2) == "inf")
        #expect((-Double.infinity).formatted(decimals: 2) == "-inf")
    }

    /// printf differs at exact halves, which sixty random bits do not hit.
    @Test func `ten thousand numbers are printed as printf prints them`() {
        var state: UInt64 = 1
        for _ in 0..<10_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(Int64(bitPattern: state)) * 0x1p-50
            let decimals = Int(state >> 61)
            let expected = String(format: "%.\(decimals)f", value)
            guard expected.contains(where: { ("1"..."9").contains($0) }) else { continue }
            #expect(value.formatted(decimals: decimals) == expected)
        }
    }
}
