// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import Dispatch
import PipelinePlanning
import Synchronization
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
    /// Two seconds: the coarsest time stamps still in use.
    private static let youth: Int64 = 2_000_000_000
    private static let day: Int64 = 86_400_000_000_000

    private let path: FilePath
    /// Sorted by their names, as the file holds them.
    private let known: StatTable
    /// What was hashed or seen since, by name.
    private var news: [String: StatTable.Row] = [:]
    /// Hashed ahead of being asked for, by name; each is handed out once.
    private var ahead: [String: StatTable.Row] = [:]
    /// Where relative paths begin.
    private let currentFolder = FilePath(".").absolute
    /// How many files were read to be hashed.
    package private(set) var hashedCount = 0

    /// Reads the cache file; one that is missing or damaged counts as empty.
    package init(at path: FilePath) {
        self.path = path
        known = StatTable(sealed: (try? Files.bytes(of: path)) ?? []) ?? StatTable()
    }

    package mutating func prepare(for files: [(path: FilePath, status: FileStatus)]) {
        var unknown: [(path: FilePath, status: FileStatus)] = []
        for file in files where file.status.kind == .file && remembered(name(of: file.path), file.status) == nil {
            unknown.append(file)
        }
        for file in HashedFile.all(of: unknown) {
            ahead[name(of: file.path)] = StatTable.Row(
                status: file.status, bytes: file.bytes, hashedAt: file.moment, seenAt: file.moment)
        }
    }

    package mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> FileDigest {
        let name = name(of: path)
        if let bytes = remembered(name, status) { return bytes }
        if let row = ahead.removeValue(forKey: name), row.status == status {
            hashedCount += 1
            news[name] = row
            return row.bytes
        }
        let now = LookedAt.now()
        let bytes = try FileDigest(ofFileAt: path)
        hashedCount += 1
        news[name] = StatTable.Row(status: status, bytes: bytes, hashedAt: now, seenAt: now)
        return bytes
    }

    /// Writes the cache back where it changed; what was not asked for in half a year goes.
    package mutating func save() throws(StoreError) {
        guard !news.isEmpty else { return }
        let merged = known.merged(with: news, seenSince: LookedAt.now() &- 180 &* Self.day)
        try Files.replace(path, with: merged.sealedBytes)
        news = [:]
    }

    private mutating func remembered(_ name: String, _ status: FileStatus) -> FileDigest? {
        guard var row = news[name] ?? known[name], row.status == status, Self.isSettled(row) else { return nil }
        let now = LookedAt.now()
        if now &- row.seenAt > 30 * Self.day {
            row.seenAt = now
            news[name] = row
        }
        return row.bytes
    }

    private func name(of path: FilePath) -> String {
        path.isAbsolute ? path.string : currentFolder.pushing(path).lexicallyNormalized().string
    }

    private static func isSettled(_ row: StatTable.Row) -> Bool {
        max(row.status.modificationTime, row.status.changeTime) < row.hashedAt &- youth
    }
}

/// A file that was read ahead.
private struct HashedFile {
    let path: FilePath
    let status: FileStatus
    let bytes: FileDigest
    /// The moment before it was read, in nanoseconds since 1970.
    let moment: Int64

    /// Reads as many files at once as there are processors, the largest first; those that cannot be read are left out.
    static func all(of files: [(path: FilePath, status: FileStatus)]) -> [HashedFile] {
        guard files.count > 1 else { return [] }
        let sorted = files.sorted { $0.status.byteCount > $1.status.byteCount }
        let next = Atomic(0)
        let all = Mutex<[HashedFile]>([])
        let workers = min(files.count, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            let buffer = FileBuffer()
            var done: [HashedFile] = []
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < sorted.count else { break }
                let (path, status) = sorted[index]
                let moment = LookedAt.now()
                guard let bytes = try? FileDigest(ofFileAt: path, through: buffer) else { continue }
                done.append(HashedFile(path: path, status: status, bytes: bytes, moment: moment))
            }
            all.withLock { $0 += done }
        }
        return all.withLock { $0 }
    }
}
