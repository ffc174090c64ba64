// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelinePlanning
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Digests of files outside the cache, remembered with what the file system said of them.
///
/// A digest is used again only when size, device, inode, time of modification and time of change are all the same and
/// both times lie well before the moment the file was hashed: a file written in the same instant as it was read could
/// have changed without a trace. Modification time alone never decides. Losing this file costs time and nothing else.
package struct StatCache: FileDigestMemory {
    private struct Entry: Hashable {
        let status: FileStatus
        let bytes: FileDigest
        /// Nanoseconds since 1970, by this machine's clock.
        let hashedAt: Int64
    }

    private static let header = "reprise-stat 2"
    /// Two seconds: the coarsest time stamps still in use.
    private static let youth: Int64 = 2_000_000_000

    private let path: FilePath
    private var entries: [String: Entry]
    private var isChanged = false
    /// How many files were read to be hashed.
    package private(set) var hashedCount = 0

    /// Reads the cache file; one that is missing or does not parse counts as empty.
    package init(at path: FilePath) {
        self.path = path
        entries = [:]
        guard let bytes = try? Files.bytes(of: path) else { return }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, first.elementsEqual(Self.header.utf8), let last = lines.last,
            last.elementsEqual(Self.seal(bytes[..<last.startIndex]).utf8)
        else { return }
        for line in lines.dropFirst().dropLast() {
            guard let (name, entry) = Self.entry(String(decoding: line, as: UTF8.self)) else { continue }
            entries[name] = entry
        }
    }

    /// The last line: a flipped bit above it would put a wrong digest into a key.
    private static func seal(_ text: some Sequence<UInt8>) -> String { "seal \(Digest(of: text))" }

    package mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> FileDigest {
        let name = path.absolute.string
        if let entry = entries[name], entry.status == status, Self.isSettled(entry) { return entry.bytes }
        let now = Self.now()
        let bytes = try FileDigest(ofFileAt: path)
        hashedCount += 1
        entries[name] = Entry(status: status, bytes: bytes, hashedAt: now)
        isChanged = true
        return bytes
    }

    /// Writes the cache back where it changed.
    package mutating func save() throws(StoreError) {
        guard isChanged else { return }
        var text = Self.header + "\n"
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let status = entry.status
            let numbers: [any CustomStringConvertible] = [
                entry.bytes.digest, entry.bytes.byteCount, status.device, status.inode, status.modificationTime,
                status.changeTime, entry.hashedAt,
            ]
            text += numbers.map(\.description).joined(separator: " ") + " \(JSONValue.text(name).canonicalText)\n"
        }
        text += Self.seal(text.utf8) + "\n"
        try Files.replace(path, with: Array(text.utf8))
        isChanged = false
    }

    private static func entry(_ line: String) -> (String, Entry)? {
        let parts = line.split(separator: " ", maxSplits: 7)
        guard parts.count == 8, let digest = Digest(hexadecimal: parts[0]), let byteCount = Int(parts[1]),
            let device = UInt64(parts[2]), let inode = UInt64(parts[3]), let modified = Int64(parts[4]),
            let changed = Int64(parts[5]), let hashedAt = Int64(parts[6]),
            let name = (try? JSONValue(parsing: Array(parts[7].utf8)))?.text
        else { return nil }
        let status = FileStatus(
            kind: .file, byteCount: byteCount, device: device, inode: inode, modificationTime: modified,
            changeTime: changed)
        return (
            name,
            Entry(status: status, bytes: FileDigest(digest: digest, byteCount: byteCount), hashedAt: hashedAt)
        )
    }

    private static func isSettled(_ entry: Entry) -> Bool {
        max(entry.status.modificationTime, entry.status.changeTime) < entry.hashedAt - youth
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
