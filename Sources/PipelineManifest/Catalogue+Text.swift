// SPDX-License-Identifier: Apache-2.0

extension Catalogue {
    /// The catalogue as it is written to a file, one line an image; reading it gives the same catalogue again.
    package var text: String {
        var lines = [
            "# 'pixels' is the SHA-256 of the line 'reprise-image 1 MODE HEIGHT WIDTH', its line feed, and the",
            "# samples: rows from top to bottom, the channels of a pixel side by side, whatever file holds them.",
            "catalogue: \(Self.schemaVersion)",
            "title: \(Self.scalar(title))",
        ]
        for (key, value) in [("origin", origin), ("reference", reference), ("terms", terms)] {
            if let value { lines.append("\(key): \(Self.scalar(value))") }
        }
        if let only = parts.first, parts.count == 1, only.name == nil {
            lines.append("images:")
            lines += only.images.map { "- \(Self.line(of: $0))" }
        } else {
            lines.append("parts:")
            for part in parts {
                lines.append("  \(Self.scalar(part.name ?? "")):")
                lines += part.images.map { "  - \(Self.line(of: $0))" }
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func line(of image: Image) -> String {
        "{name: \(scalar(image.name)), width: \(image.width), height: \(image.height), mode: \(image.mode.rawValue), "
            + "pixels: \(image.pixels)}"
    }

    /// Words that other readers of YAML take for something else than text.
    private static let reserved: Set = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    /// The text plain where no reader of YAML can mistake it, else in double quotes.
    private static func scalar(_ text: String) -> String {
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
        let marks = Array("0123456789_-./".utf8)
        if let first = text.utf8.first, isLetter(first), !reserved.contains(text.lowercased()),
            text.utf8.allSatisfy({ isLetter($0) || marks.contains($0) })
        {
            return text
        }
        return "\"" + text.unicodeScalars.map { escaped($0) }.joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        if visibleForm(of: Character(scalar)) == String(scalar) { return String(scalar) }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
