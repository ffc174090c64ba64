// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelinePlanning
package import SystemPackage

/// Digests of files outside the cache, remembered with what the file system said of them.
///
/// A digest is used again only when size, device, inode, time of modification and time of change are all the same and
/// any change since it was taken would show in them: a file written in the same instant as it was read could have
/// changed without a trace. Modification time alone never decides. Losing this file costs time and nothing else.
package struct StatCache: FileDigestMemory {
    fileprivate static let day: Int64 = 86_400_000_000_000

    private let path: CachePath
    private let fileSystem: any FileSystem
    /// Sorted by their names, as the file holds them.
    private let known: StatTable
    /// What was hashed or seen since, by name.
    private var news: [String: StatTable.Row] = [:]
    /// Where relative paths begin.
    private let currentFolder = FilePath(".").absolute
    /// How many files were read to be hashed.
    package private(set) var hashedCount = 0

    /// Reads the cache file; one that is missing or damaged counts as empty.
    ///
    /// - Parameter fileSystem: that of the files, with its clock as it was when the command began.
    package init(at path: FilePath, of fileSystem: any FileSystem = SystemFileSystem()) {
        self.path = CachePath(ofFileAt: path)
        self.fileSystem = fileSystem
        let bytes = try? Files.ownFile(self.path, limit: CacheLimits.statCache)
        known = StatTable(sealed: bytes ?? []) ?? StatTable()
    }

    package mutating func digests(
        of files: [(path: FilePath, status: FileStatus)]
    ) -> [Result<HashedFile, StoreError>] {
        let order = Self.largestFirst(files)
        let remembered = remembered
        let found = parallelMap(files.count, with: { FileBuffer() }) { number, buffer in
            let (path, status) = files[order[number]]
            return remembered.row(of: path, status, through: buffer)
        }
        news.reserveCapacity(news.count + found.count)
        var places = [Int](repeating: 0, count: order.count)
        for (place, index) in order.enumerated() { places[index] = place }
        return places.map { place in found[place].map { take($0) } }
    }

    package mutating func digest(ofFileAt path: FilePath, status: FileStatus) throws(StoreError) -> HashedFile {
        take(try remembered.row(of: path, status, through: FileBuffer()).get())
    }

    private var remembered: Remembered {
        Remembered(known: known, news: news, currentFolder: currentFolder, fileSystem: fileSystem)
    }

    private mutating func take(_ found: Remembered.Found) -> HashedFile {
        if found.isHashed { hashedCount += 1 }
        if found.isNews { news[found.name] = found.row }
        return HashedFile(bytes: found.row.bytes, status: found.row.status)
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
        try Files.replace(path, with: merged.sealedBytes, permissions: 0o600)
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

    let known: StatTable
    let news: [String: StatTable.Row]
    /// Where relative paths begin.
    let currentFolder: FilePath
    let fileSystem: any FileSystem

    /// What is remembered of a file with this status, or what comes of reading it now.
    func row(
        of path: FilePath, _ status: FileStatus, through buffer: FileBuffer
    ) -> Result<Found, StoreError> {
        let name = path.isAbsolute ? path.string : currentFolder.pushing(path).lexicallyNormalized().string
        let now = LookedAt.now()
        let before = news[name] ?? known[name]
        if var row = before, row.status == status, row.isSettled {
            let isStale = now &- row.seenAt > 30 * StatCache.day
            if isStale { row.seenAt = now }
            return .success(Found(name: name, row: row, isHashed: false, isNews: isStale))
        }
        return Result { () throws(StoreError) in
            let uptime = fileSystem.clock.uptime
            let file = try HashedFile(readingFrom: path, lookedAt: status, in: fileSystem, through: buffer)
            let firstSeen = Self.firstSeen(file, before, now: uptime)
            let row = StatTable.Row(
                status: file.status, bytes: file.bytes, isSettled: isSettled(file, at: path, firstSeen, now: uptime),
                firstSeen: firstSeen, seenAt: now)
            return Found(name: name, row: row, isHashed: true, isNews: true)
        }
    }

    /// When the file was first seen as it is; now where it was not seen so since the machine was started.
    private static func firstSeen(_ file: HashedFile, _ before: StatTable.Row?, now: Uptime?) -> Uptime? {
        guard let before, before.status == file.status, before.firstSeen?.start == now?.start else { return now }
        return before.firstSeen
    }

    /// Whether any change since the file was read shows in its status.
    ///
    /// - Parameter now: before it was read.
    private func isSettled(_ file: HashedFile, at path: FilePath, _ firstSeen: Uptime?, now: Uptime?) -> Bool {
        switch fileSystem.clock.trust(in: file.status, at: path) {
        case .since: return fileSystem.clock.isSettled(file.status, at: path)
        case .none: return false
        case .clockUnknown:
            // It had been as it is for longer than its times are coarse, whatever time it was there.
            guard let firstSeen, let now, firstSeen.start == now.start else { return false }
            return now.nanoseconds &- firstSeen.nanoseconds > FileTimes.coarseness
        }
    }
}
