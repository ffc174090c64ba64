// SPDX-License-Identifier: Apache-2.0

/// The same chunks with the CRC-32 of each; what is no whole chunk stays as it is.
func withRightChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var start = 8
    while start + 12 <= bytes.count {
        let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = start + 8 + length
        guard end + 4 <= bytes.count else { break }
        let checksum = checksum(bytes[start + 4..<end])
        for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * place)) }
        start = end + 4
    }
    return bytes
}

/// CRC-32 of the PNG specification, annex D.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { checksum, byte in
        checksumTable[Int(truncatingIfNeeded: checksum & 0xff) ^ Int(byte)] ^ checksum >> 8
    }
}

private let checksumTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
}
