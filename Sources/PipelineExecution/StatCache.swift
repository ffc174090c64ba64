// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelinePlanning
package import SystemPackage

/// Digests of files outside the cache, remembered with what the file system said of them.
///
/// A digest is used again only when size, device, inode, time of modification and time of change are all the same and
/// both times lie well before the moment the file was hashed: a file written in the same instant as it was read could
/// have changed without a trace. Modification time alone never decides. Losing this file costs time and nothing else.
package struct StatCache: FileDigestMemory {
    fileprivate static let day: Int64 = 86_400_000_000_000

    private let path: FilePath
    /// Sorted by their names, as the file holds them.
    private let known: StatTable
    /// What was hashed or seen since, by name.
    private var news: [String: StatTable.Row] = [:]
    /// Where relative paths begin.
    private let currentFolder = FilePath(".").absolute
    /// How many files were read to be hashed.
    package private(set) var hashedCount = 0

    /// Reads the cache file; one that is missing or damaged counts as empty.
    package init(at path: FilePath) {
        self.path = path
        known = StatTable(sealed: (try? Files.bytes(of: path)) ?? []) ?? StatTable()
    }

    package mutating func digests(
        of files: [(path: FilePath, status: FileStatus)]
    ) -> [Result<FileDigest, StoreError>] {
        let order = Self.largestFirst(files)
        let remembered = Remembered(known: known, news: news, currentFolder: currentFolder)
        let found = parallelMap(files.count, with: { FileBuffer() }) { number, buffer in
            let (path, status) = files[order[number]]
            return remembered.row(of: path, status, through: buffer)
        }
        news.reserveCapacity(news.count + found.count)
        var places = [Int](repeating: 0, count: order.count)
        for (place, index) in order.enumerated() { places[index] = place }
        return places.map { place in found[place].map { take($0) } }
    }

    package mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> FileDigest {
        let remembered = Remembered(known: known, news: news, currentFolder: currentFolder)
        return take(try remembered.row(of: path, status, through: FileBuffer()).get())
    }

    private mutating func take(_ found: Remembered.Found) -> FileDigest {
        if found.isHashed { hashedCount += 1 }
        if found.isNews { news[found.name] = found.row }
        return found.row.bytes
    }

    /// The large ones first, so that none is begun last and waited for by all others.
    private static func largestFirst(_ files: [(path: FilePath, status: FileStatus)]) -> [Int] {
        let isLarge = { (index: Int) in files[index].status.byteCount >= 1 << 20 }
        return files.indices.filter(isLarge).sorted { files[$0].status.byteCount > files[$1].status.byteCount }
            + files.indices.filter { !isLarge($0) }
    }

    /// Writes the cache back where it changed; what was not asked for in half a year goes.
    package mutating func save() throws(StoreError) {
        guard !news.isEmpty else { return }
        let merged = known.merged(with: news, seenSince: LookedAt.now() &- 180 &* Self.day)
        try Files.replace(path, with: merged.sealedBytes)
        news = [:]
    }
}

/// What is known of files, as threads look it up that hash what is not known.
private struct Remembered: Sendable {
    struct Found: Sendable {
        let name: String
        let row: StatTable.Row
        let isHashed: Bool
        /// Whether the row has to be written down.
        let isNews: Bool
    }

    /// Two seconds: the coarsest time stamps still in use.
    private static let youth: Int64 = 2_000_000_000

    let known: StatTable
    let news: [String: StatTable.Row]
    /// Where relative paths begin.
    let currentFolder: FilePath

    /// What is remembered of a file with this status, or what comes of reading it now.
    func row(
        of path: FilePath, _ status: FileStatus, through buffer: FileBuffer
    ) -> Result<Found, StoreError> {
        let name = path.isAbsolute ? path.string : currentFolder.pushing(path).lexicallyNormalized().string
        let now = LookedAt.now()
        if var row = news[name] ?? known[name], row.status == status, Self.isSettled(row) {
            let isStale = now &- row.seenAt > 30 * StatCache.day
            if isStale { row.seenAt = now }
            return .success(Found(name: name, row: row, isHashed: false, isNews: isStale))
        }
        return Result { () throws(StoreError) in
            let bytes = try FileDigest(ofFileAt: path, status, through: buffer)
            let row = StatTable.Row(status: status, bytes: bytes, hashedAt: now, seenAt: now)
            return Found(name: name, row: row, isHashed: true, isNews: true)
        }
    }

    private static func isSettled(_ row: StatTable.Row) -> Bool {
        max(row.status.modificationTime, row.status.changeTime) < row.hashedAt &- youth
    }
}
