// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// The stat cache's file: names in the order of their bytes with what is remembered of each.
///
/// It is read as it stands and searched by halves, so that a hundred thousand names cost no more than reading them. A
/// file is a header, the rows, the names and a seal over all of it, in the byte order of the machine.
struct StatTable {
    struct Row: Hashable, Sendable {
        let status: FileStatus
        let bytes: FileDigest
        /// Whether any change since it was hashed shows in the status.
        let isSettled: Bool
        /// When the file was first seen with this status; `nil` where no clock could tell.
        let firstSeen: Uptime?
        /// When it was last of use, to some weeks; nanoseconds since 1970, by this machine's clock.
        var seenAt: Int64
    }

    private static let magic: UInt64 = 0x3420_7461_7473_7072
    /// Magic, count of rows.
    private static let headerByteCount = 16
    /// Digest; size, device, inode, two times, whether settled, when first seen (start and time), when last of use,
    /// place and length of the name.
    private static let rowByteCount = 32 + 11 * 8
    private static let placeOfName = 9
    private static let sealByteCount = 32

    private let bytes: [UInt8]
    let count: Int

    /// An empty one.
    init() { self.init(rows: []) }

    /// Nil where the bytes are none of a table or break their seal.
    init?(sealed bytes: [UInt8]) {
        guard bytes.count >= Self.headerByteCount + Self.sealByteCount else { return nil }
        let sealed = bytes.count - Self.sealByteCount
        guard Self.number(in: bytes, at: 0) == Self.magic, let count = Int(exactly: Self.number(in: bytes, at: 8)),
            count <= sealed / Self.rowByteCount, Self.headerByteCount + count * Self.rowByteCount <= sealed,
            bytes[sealed...].elementsEqual(Digest(of: bytes[..<sealed]).bytes)
        else { return nil }
        self.bytes = bytes
        self.count = count
    }

    /// The bytes of the file.
    var sealedBytes: [UInt8] { bytes }

    subscript(name: String) -> Row? {
        var name = name
        return name.withUTF8 { name in
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                guard let range = nameRange(middle) else { return nil }
                switch Self.order(of: bytes[range], name) {
                case 0: return row(middle)
                case ..<0: low = middle + 1
                default: high = middle
                }
            }
            return nil
        }
    }

    /// This table with newer rows put in, without those that were last of use before a moment.
    func merged(with news: [String: Row], seenSince moment: Int64) -> StatTable {
        var rows: [(name: String, row: Row)] = news.map { ($0.key, $0.value) }
        var nameByteCount = 0
        for index in 0..<count {
            guard let range = nameRange(index) else { continue }
            // Names of a table that was written here lie one after another.
            nameByteCount += range.count
            guard nameByteCount <= bytes.count else { return StatTable().merged(with: news, seenSince: moment) }
            let name = String(decoding: bytes[range], as: UTF8.self)
            guard news[name] == nil, let row = row(index), row.seenAt >= moment else { continue }
            rows.append((name, row))
        }
        return StatTable(rows: rows.sorted { $0.name.precedes($1.name) })
    }

    private init(rows: [(name: String, row: Row)]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            Self.headerByteCount + Self.sealByteCount
                + rows.reduce(0) { $0 + Self.rowByteCount + $1.name.utf8.count })
        func append(_ number: UInt64) { withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) } }
        append(Self.magic)
        append(UInt64(rows.count))
        var place = Self.headerByteCount + rows.count * Self.rowByteCount
        for (name, row) in rows {
            let status = row.status
            bytes += row.bytes.digest.bytes
            for number in [
                row.bytes.byteCount, Int(truncatingIfNeeded: status.device), Int(truncatingIfNeeded: status.inode),
                Int(status.modificationTime), Int(status.changeTime), row.isSettled ? 1 : 0,
                Int(truncatingIfNeeded: row.firstSeen?.start ?? 0), Int(row.firstSeen?.nanoseconds ?? 0),
                Int(row.seenAt), place, name.utf8.count,
            ] {
                append(UInt64(bitPattern: Int64(number)))
            }
            place += name.utf8.count
        }
        for (name, _) in rows { bytes += name.utf8 }
        bytes += Digest(of: bytes).bytes
        self.bytes = bytes
        count = rows.count
    }

    private func row(_ index: Int) -> Row? {
        let start = Self.headerByteCount + index * Self.rowByteCount
        guard let digest = Digest(bytes: bytes[start..<start + 32]) else { return nil }
        func number(_ place: Int) -> UInt64 { Self.number(in: bytes, at: start + 32 + place * 8) }
        func signed(_ place: Int) -> Int64 { Int64(bitPattern: number(place)) }
        let byteCount = Int(signed(0))
        let status = FileStatus(
            kind: .file, byteCount: byteCount, device: number(1), inode: number(2), modificationTime: signed(3),
            changeTime: signed(4))
        let firstSeen = number(6) == 0 ? nil : Uptime(start: number(6), nanoseconds: signed(7))
        return Row(
            status: status, bytes: FileDigest(digest: digest, byteCount: byteCount), isSettled: number(5) == 1,
            firstSeen: firstSeen, seenAt: signed(8))
    }

    /// `nil` where the row does not say a place within the file.
    private func nameRange(_ index: Int) -> Range<Int>? {
        let start = Self.headerByteCount + index * Self.rowByteCount + 32 + Self.placeOfName * 8
        guard let place = Int(exactly: Self.number(in: bytes, at: start)),
            let length = Int(exactly: Self.number(in: bytes, at: start + 8)), place <= bytes.count,
            length <= bytes.count - place
        else { return nil }
        return place..<place + length
    }

    private static func number(in bytes: [UInt8], at offset: Int) -> UInt64 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    /// Below, at or above 0 as the left comes before, with or after the right.
    private static func order(of left: ArraySlice<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        if left.lexicographicallyPrecedes(right) { return -1 }
        return left.elementsEqual(right) ? 0 : 1
    }
}
