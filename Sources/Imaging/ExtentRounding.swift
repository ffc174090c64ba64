// SPDX-License-Identifier: Apache-2.0

/// How a side that a scale makes no whole number of pixels long is rounded.
package enum ExtentRounding: String, Hashable, Sendable, CaseIterable {
    /// Upwards, as MATLAB's `imresize(image, scale)`.
    case ceiling = "ceil"
    /// Downwards, as `int(side * scale)` in Python.
    case floor
    /// To the nearest, halves to the even: Python's `round(side * scale)` and OpenCV's `fx`, `fy`.
    case nearest

    /// The pixels of a side of `count` pixels after scaling; 0 where rounding leaves nothing.
    ///
    /// The product is taken in double precision, as all of these programs do.
    package func extent(of count: Int, scaledBy scale: Double) -> Int {
        precondition(scale > 0 && scale.isFinite, "an image cannot be resized by \(scale)")
        let exact = scale * Double(count)
        switch self {
        case .ceiling: return Int(exact.rounded(.up))
        case .floor: return Int(exact.rounded(.down))
        case .nearest: return Int(exact.rounded(.toNearestOrEven))
        }
    }
}
