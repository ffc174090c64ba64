// SPDX-License-Identifier: Apache-2.0

import CZlib
import Imaging

/// A PNG file whose pixels are stored, neither filtered nor compressed; at most 65,535 bytes of RGB.
func storedPNG(_ image: Image, gamma: Int? = nil) -> [UInt8] {
    func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(name.utf8) + body
        return big(body.count) + content + big(Int(crc32(0, content, UInt32(content.count))))
    }
    let lines = (0..<image.height).flatMap { row in
        [0] + image.pixels[row * image.rowLength..<(row + 1) * image.rowLength]
    }
    let length = [UInt8(lines.count & 255), UInt8(lines.count >> 8)]
    let stream: [UInt8] =
        [0x78, 0x01, 1] + length + length.map { ~$0 } + lines + big(Int(adler32(1, lines, UInt32(lines.count))))
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        + chunk("IHDR", big(image.width) + big(image.height) + [8, 2, 0, 0, 0])
        + (gamma.map { chunk("gAMA", big($0)) } ?? []) + chunk("IDAT", stream)
        + chunk("IEND", [])
}
