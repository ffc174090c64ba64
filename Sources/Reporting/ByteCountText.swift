// SPDX-License-Identifier: Apache-2.0

/// An amount of bytes for people, in decimal units: `1 byte`, `512 bytes`, `3.4 MB`, `120 GB`.
package struct ByteCountText: Hashable, Sendable, CustomStringConvertible {
    /// At least 0.
    package let bytes: Int

    package init(_ bytes: Int) {
        precondition(bytes >= 0, "there are no \(bytes) bytes")
        self.bytes = bytes
    }

    /// With one decimal below 100 of a unit, without above, halves up.
    package var description: String {
        guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var unit = 1000
        for name in ["kB", "MB", "GB", "TB", "PB"] {
            let tenths = rounded(bytes, per: unit / 10)
            if tenths < 1000 { return "\(tenths / 10).\(tenths % 10) \(name)" }
            let whole = rounded(bytes, per: unit)
            if whole < 1000 { return "\(whole) \(name)" }
            unit *= 1000
        }
        return "\(rounded(bytes, per: unit)) EB"
    }

    /// The nearest multiple, halves up, without leaving the range of Int.
    private func rounded(_ number: Int, per unit: Int) -> Int {
        number / unit + (number % unit >= unit - unit / 2 ? 1 : 0)
    }
}
