// SPDX-License-Identifier: Apache-2.0

/// Which number the luma of a colour is: a part of every figure's protocol.
package enum LumaRule: String, Hashable, Sendable, CaseIterable {
    /// MATLAB's `rgb2ycbcr`: studio range, 16...235.
    case matlab
    /// Pillow's `convert("L")`: full range, 0...255, rounded from 16 fractional bits.
    case fullRange = "full-range"
    /// The first channel of Pillow's `convert("YCbCr")`: full range, cut off from 6 fractional bits, so one less than
    /// `full-range` in half of all colours.
    case fullRangeYCbCr = "full-range-ycbcr"
}

extension Image {
    /// The luma by `rule` as a grey image; a grey image is its own luma.
    package func luma(_ rule: LumaRule) -> Image {
        switch rule {
        case .matlab: luma
        case .fullRange: fullRangeLuma
        case .fullRangeYCbCr: fullRangeYCbCrLuma
        }
    }

    /// The luma in double precision before any rounding, in units of a byte: 0...255, not the 0...1 of other planes.
    ///
    /// For `matlab` that is 16 + (65.481 R + 128.553 G + 24.966 B) / 255, in the order of operations of the rounded
    /// luma; for both full ranges 0.299 R + 0.587 G + 0.114 B. Re-implementations that convert in floating point
    /// compare these. A grey image is its own luma.
    package func unroundedLuma(_ rule: LumaRule) -> Plane {
        guard mode == .rgb8 else { return Plane(height: height, width: width, values: pixels.map { Double($0) }) }
        switch rule {
        case .matlab: return ColourRow.luma.unroundedPlane(of: self)
        case .fullRange, .fullRangeYCbCr: return ColourRow.fullRangeLuma.unroundedPlane(of: self)
        }
    }
}
