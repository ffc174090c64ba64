// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Key to result.
///
/// Calls may be slow and may fail, as those of a remote cache do.
package protocol ActionCache: Sendable {
    /// What the action with this key gave, with the document that the key is the digest of.
    func entry(for key: ActionKey) throws(StoreError) -> ActionCacheEntry?

    /// What the action with this key gave, for those who know the document.
    func result(for key: ActionKey) throws(StoreError) -> ActionResult?

    /// Publishes a result; its objects must be in the store before.
    func publish(_ entry: ActionCacheEntry) throws(StoreError)

    /// Waits until all that was published is on the disk.
    func sync() throws(StoreError)
}

extension ActionCache {
    package func result(for key: ActionKey) throws(StoreError) -> ActionResult? { try entry(for: key)?.result }
}

/// An action and what came out of it.
package struct ActionCacheEntry: Hashable, Sendable {
    package let action: Action
    package let result: ActionResult

    package init(action: Action, result: ActionResult) {
        self.action = action
        self.result = result
    }
}

/// Results as one small file each: `actions/ab/cdef….json`, sealed with a digest of its own.
///
/// An entry that does not parse, does not belong to its key or breaks its seal is as good as absent: the stage runs
/// again and writes it anew.
package struct FileActionCache: ActionCache {
    private let cache: CachePath
    private let folder: CachePath
    private let unsynced = UnsyncedFiles()

    /// - Parameter cache: the cache's folder; `actions` in it is made when it is first needed.
    package init(cache: FilePath) {
        self.cache = CachePath(root: cache)
        folder = self.cache.appending("actions")
    }

    package func entry(for key: ActionKey) throws(StoreError) -> ActionCacheEntry? {
        try ownedEntry(for: key)?.entry
    }

    package func result(for key: ActionKey) throws(StoreError) -> ActionResult? {
        try ownedResult(for: key)?.result
    }

    /// An entry, and whether it is this user's own.
    ///
    /// It is where its file is owned by the user and not writable by others. The seal is a plain digest, which anybody
    /// can compute, so that it does not show who published an entry.
    package func ownedEntry(for key: ActionKey) throws(StoreError) -> (entry: ActionCacheEntry, isOwn: Bool)? {
        guard let (sealed, isOwn) = try sealedEntry(for: key), let result = sealed.result,
            let document = try? JSONValue(parsing: sealed.documentBytes)
        else { return nil }
        return (ActionCacheEntry(action: Action(document: document), result: result), isOwn)
    }

    /// As `ownedEntry`, for those who know the document.
    package func ownedResult(for key: ActionKey) throws(StoreError) -> (result: ActionResult, isOwn: Bool)? {
        guard let (sealed, isOwn) = try sealedEntry(for: key), let result = sealed.result else { return nil }
        return (result, isOwn)
    }

    private func sealedEntry(for key: ActionKey) throws(StoreError) -> (sealed: SealedEntry, isOwn: Bool)? {
        let path = path(of: key)
        do throws(StoreError) {
            guard let (bytes, isOwn) = try Files.ownedFile(path, limit: CacheLimits.result) else { return nil }
            return SealedEntry(bytes, key: key).map { ($0, isOwn) }
        } catch .cannot(_, _, reason: .ioError), .cannot(_, _, reason: .fileTooLarge) {
            // What nobody can read, now or later, is as good as absent; what this process may not read, or has no
            // descriptor left for, is there.
            return nil
        }
    }

    package func publish(_ entry: ActionCacheEntry) throws(StoreError) {
        let path = path(of: entry.action.key)
        try Files.makeFolder(path.folder, replacesOthers: true)
        // One that the power takes away before the sync breaks its seal, and counts as absent.
        // Nobody else may write to it, or it would not be its publisher's own.
        try Files.replace(path, with: SealedEntry(entry).bytes, madeIn: cache, permissions: 0o644)
        unsynced.insert(path)
    }

    package func sync() throws(StoreError) {
        try unsynced.sync(in: folder)
    }

    private func path(of key: ActionKey) -> CachePath {
        let name = key.description
        return folder.appending(String(name.prefix(2))).appending(String(name.dropFirst(2)) + ".json")
    }
}

/// The bytes of an entry, `{"document":…,"result":…,"seal":"…"}`, canonical throughout.
///
/// The seal is the digest of `[document,result]`. It is checked over the bytes as they were read: what is not canonical
/// was not written here.
private struct SealedEntry {
    let bytes: [UInt8]
    private let document: Range<Int>
    private let resultRange: Range<Int>

    private static let documentName = Array(#"{"document":"#.utf8)
    private static let resultName = Array(#","result":"#.utf8)
    private static let sealName = Array(#","seal":""#.utf8)
    private static let ending = Array(#""}"#.utf8)

    init(_ entry: ActionCacheEntry) {
        let document = entry.action.document.canonicalBytes
        let result = entry.result.json.canonicalBytes
        var bytes = Self.documentName + document + Self.resultName + result
        self.document = Self.documentName.count..<Self.documentName.count + document.count
        resultRange = bytes.count - result.count..<bytes.count
        let seal = Self.seal(of: bytes, self.document, resultRange)
        bytes += Self.sealName + Array(seal.description.utf8) + Self.ending
        self.bytes = bytes
    }

    /// Nil where the bytes are no entry, belong to another key or break their seal.
    init?(_ bytes: [UInt8], key: ActionKey) {
        let sealed = bytes.count - Self.sealName.count - 64 - Self.ending.count
        guard sealed > 0, bytes.starts(with: Self.documentName),
            let documentEnd = Self.endOfObject(in: bytes, from: Self.documentName.count, before: sealed),
            bytes[documentEnd..<sealed].starts(with: Self.resultName)
        else { return nil }
        document = Self.documentName.count..<documentEnd
        resultRange = documentEnd + Self.resultName.count..<sealed
        let seal = Self.seal(of: bytes, document, resultRange)
        guard bytes[sealed...].elementsEqual(Self.sealName + Array(seal.description.utf8) + Self.ending),
            Digest(of: bytes[document]) == key.digest
        else { return nil }
        self.bytes = bytes
    }

    var documentBytes: [UInt8] { Array(bytes[document]) }

    var result: ActionResult? {
        guard let json = try? JSONValue(parsing: Array(bytes[resultRange])) else { return nil }
        return ActionResult(json: json)
    }

    /// Where the object that starts at `start` ends; `nil` where it does not before `limit`.
    private static func endOfObject(in bytes: [UInt8], from start: Int, before limit: Int) -> Int? {
        guard start < limit, bytes[start] == UInt8(ascii: "{") else { return nil }
        var (depth, offset, isInText) = (0, start, false)
        while offset < limit {
            switch bytes[offset] {
            case UInt8(ascii: "\""): isInText.toggle()
            case UInt8(ascii: "\\") where isInText: offset += 1
            case UInt8(ascii: "{") where !isInText: depth += 1
            case UInt8(ascii: "}") where !isInText:
                depth -= 1
                if depth == 0 { return offset + 1 }
            default: break
            }
            offset += 1
        }
        return nil
    }

    private static func seal(of bytes: [UInt8], _ document: Range<Int>, _ result: Range<Int>) -> Digest {
        var hasher = ContentHasher()
        bytes.withUnsafeBytes { bytes in
            hasher.update([UInt8(ascii: "[")])
            hasher.update(UnsafeRawBufferPointer(rebasing: bytes[document]))
            hasher.update([UInt8(ascii: ",")])
            hasher.update(UnsafeRawBufferPointer(rebasing: bytes[result]))
            hasher.update([UInt8(ascii: "]")])
        }
        return hasher.finalized()
    }
}
