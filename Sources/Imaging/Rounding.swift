// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// The nearest integer, halves away from zero, saturated to 0...255: MATLAB's `uint8(x)`.
    ///
    /// A NaN gives 0.
    ///
    /// Adding 2^52 rounds to the nearest integer with halves to even and leaves that integer in the low bits. The
    /// difference to what was added is exact, so a half that went down is seen and sent up. No call, no branch: loops
    /// vectorise.
    @inline(__always)
    package init(nearest value: Double) {
        let shift = 4_503_599_627_370_496.0
        let saturated = value > 0 ? (value < 255 ? value : 255) : 0
        let shifted = saturated + shift
        let wentDownFromHalf = saturated - (shifted - shift) >= 0.5
        self = UInt8(truncatingIfNeeded: shifted.bitPattern &+ (wentDownFromHalf ? 1 : 0))
    }
}
