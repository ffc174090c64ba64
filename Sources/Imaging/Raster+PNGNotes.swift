// SPDX-License-Identifier: Apache-2.0

/// What the ancillary chunks of a PNG file say of how its values are to be shown.
///
/// Chunks are read by their lengths, without libpng: nothing is decompressed, and a chunk that is not as the
/// specification has it (PNG, third edition, section 11) says nothing. Checksums are libpng's to check.
struct PNGNotes {
    private(set) var texts: [String] = []

    /// `bytes` begin with PNG's signature.
    init(_ bytes: [UInt8]) {
        var start = 8
        while start + 12 <= bytes.count {
            let length = number(bytes[start..<start + 4])
            let end = start + 8 + length
            guard end + 4 <= bytes.count else { return }
            let name = String(decoding: bytes[start + 4..<start + 8], as: UTF8.self)
            if name == "IEND" { return }
            if let text = note(name, bytes[start + 8..<end]), !texts.contains(text) { texts.append(text) }
            start = end + 4
        }
    }
}

/// A chunk's note; `nil` for chunks that do not bear on the values, or are damaged.
private func note(_ name: String, _ body: ArraySlice<UInt8>) -> String? {
    switch name {
    case "gAMA": body.count == 4 ? "gamma \(decimal(number(body)))" : nil
    case "sRGB": body.count == 1 ? "colours are sRGB" : nil
    case "cHRM": body.count == 32 ? "chromaticities of the primaries" : nil
    case "cICP": body.count == 4 ? "coding-independent code points \(numbers(body.map(Int.init)))" : nil
    case "iCCP": profileName(body).map { "ICC profile '\($0)'" }
    case "sBIT": (1...4).contains(body.count) ? "significant bits \(numbers(body.map(Int.init)))" : nil
    case "bKGD": background(body)
    case "eXIf": "EXIF data, which may ask for a rotation"
    case "acTL": "an animation; this is its still image"
    default: nil
    }
}

/// The Latin-1 text before the first zero, of which the specification allows 1 to 79 bytes.
private func profileName(_ body: ArraySlice<UInt8>) -> String? {
    let name = body.prefix { $0 != 0 }
    guard (1...79).contains(name.count), name.count < body.count else { return nil }
    return String(String.UnicodeScalarView(name.map { Unicode.Scalar(isPrintable($0) ? $0 : 0x3f) }))
}

private func isPrintable(_ byte: UInt8) -> Bool { (0x20...0x7e).contains(byte) || byte >= 0xa1 }

/// An index into the palette, or 16-bit samples.
private func background(_ body: ArraySlice<UInt8>) -> String? {
    switch body.count {
    case 1: "background colour \(body[body.startIndex]) of the palette"
    case 2, 6:
        "background "
            + numbers(stride(from: body.startIndex, to: body.endIndex, by: 2).map { number(body[$0..<$0 + 2]) })
    default: nil
    }
}

private func numbers(_ values: [Int]) -> String { values.map(String.init).joined(separator: " ") }

/// Big-endian.
private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

/// Hundred-thousandths: 45455 is `0.45455`, 100000 is `1`.
private func decimal(_ hundredThousandths: Int) -> String {
    let (whole, fraction) = hundredThousandths.quotientAndRemainder(dividingBy: 100_000)
    if fraction == 0 { return String(whole) }
    var digits = String(100_000 + fraction).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
}
