// SPDX-License-Identifier: Apache-2.0

/// A decimal number with a unit behind it, as authors write memory and time: `4GiB`, `1.5 h`.
package struct Quantity: Equatable {
    package static let memoryUnits: [(name: String, factor: Double)] = [
        ("B", 1), ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40), ("kB", 1e3), ("MB", 1e6),
        ("GB", 1e9), ("TB", 1e12),
    ]

    package static let timeUnits: [(name: String, factor: Double)] = [
        ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400),
    ]

    /// In the unit whose factor is 1; finite and not negative.
    let value: Double

    /// Nil where the text is not a number with one of the units.
    init?(_ text: String, units: [(name: String, factor: Double)]) {
        let digits = text.prefix { $0 == "." || ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let factor = units.first(where: { $0.name == unit })?.factor else { return nil }
        switch PlainScalar(String(digits)) {
        case .value(.integer(let integer)): value = Double(integer) * factor
        case .value(.number(let number)): value = number * factor
        default: return nil
        }
    }
}
