// SPDX-License-Identifier: Apache-2.0

/// The blocks that stand before a file's bytes in an archive: POSIX.1-2001 pax, a superset of ustar that every `tar`
/// reads.
///
///     bytes 0…99 name, 100 mode, 108 owner, 116 group, 124 size, 136 time, 148 sum, 156 type, 157 link,
///     257 magic and version, 265 names of owner and group, 329 device, 345 prefix of the name
///
/// A name of more than 100 bytes or beyond ASCII, and a size of more than 11 octal digits, stand in an extended header
/// of their own before it. Owner, group and time are 0 and the mode is 0644, so that the same files are the same bytes.
package enum ArchiveHeader {
    static let blockByteCount = 512
    /// The longest extended header that is read: a path of the longest that systems know fits well.
    static let extensionLimit = 1 << 16

    enum Kind: UInt8 {
        case file = 0x30
        case extended = 0x78
    }

    /// The blocks for a file of this name and length.
    ///
    /// - Parameter number: of the file in its archive, for a name that readers without extended headers can use.
    package static func blocks(name: String, byteCount: Int, number: Int) -> [UInt8] {
        var records = ""
        let isPlain = name.utf8.count <= 100 && name.utf8.allSatisfy { $0 < 0x80 }
        if !isPlain { records += record("path", name) }
        let isShort = byteCount < 1 << 33
        if !isShort { records += record("size", String(byteCount)) }
        var blocks: [UInt8] = []
        if !records.isEmpty {
            blocks += block(name: "pax/\(number)", byteCount: records.utf8.count, kind: .extended)
            blocks += Array(records.utf8)
            blocks += padding(after: records.utf8.count)
        }
        return blocks
            + block(name: isPlain ? name : "file/\(number)", byteCount: isShort ? byteCount : 0, kind: .file)
    }

    /// Zeros up to the next block.
    static func padding(after byteCount: Int) -> [UInt8] {
        Array(repeating: 0, count: paddedByteCount(byteCount) - byteCount)
    }

    static func paddedByteCount(_ byteCount: Int) -> Int {
        (byteCount + blockByteCount - 1) / blockByteCount * blockByteCount
    }

    /// The unsigned sum of a block's bytes, those of the sum itself taken as spaces.
    static func sum(of block: ArraySlice<UInt8>) -> Int {
        block.enumerated().reduce(0) { sum, byte in
            sum + (sumField.contains(byte.offset) ? 0x20 : Int(byte.element))
        }
    }

    static let sumField = 148..<156

    /// Whether a block is a header with the mode, owner, group and time that all headers have here.
    static func isOurs(_ block: [UInt8]) -> Bool {
        guard block.count == blockByteCount else { return false }
        let ours = self.block(name: "", byteCount: 0, kind: .file)
        let fixed = [100..<124, 136..<148, 257..<345]
        return fixed.allSatisfy { block[$0] == ours[$0] }
    }

    private static func block(name: String, byteCount: Int, kind: Kind) -> [UInt8] {
        var block: [UInt8] = []
        func append(_ text: String, width: Int) {
            block += Array(text.utf8)
            block += Array(repeating: 0, count: width - text.utf8.count)
        }
        append(name, width: 100)
        append("0000644", width: 8)
        append("0000000", width: 8)
        append("0000000", width: 8)
        append(octal(byteCount, digits: 11), width: 12)
        append(octal(0, digits: 11), width: 12)
        append("        ", width: 8)
        block.append(kind.rawValue)
        append("", width: 100)
        append("ustar", width: 6)
        append("00", width: 2)
        append("", width: 64)
        append("0000000", width: 8)
        append("0000000", width: 8)
        append("", width: 167)
        block.replaceSubrange(sumField, with: Array(octal(sum(of: block[...]), digits: 6).utf8) + [0, 0x20])
        return block
    }

    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// `LENGTH KEY=VALUE` and a line feed, where the length counts itself.
    private static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var byteCount = rest.utf8.count
        while String(byteCount).utf8.count + rest.utf8.count != byteCount {
            byteCount = String(byteCount).utf8.count + rest.utf8.count
        }
        return String(byteCount) + rest
    }
}
