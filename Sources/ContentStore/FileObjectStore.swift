// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Objects as read-only files named by their digest: `objects/ab/cdef…`.
///
/// An object appears by `rename(2)`, so it is there whole or not at all, and any number of processes may insert the
/// same one. A damaged object is moved to `objects/damaged`, where nothing looks for it, and counts as absent from then
/// on.
package final class FileObjectStore: ObjectStore {
    private let folder: FilePath
    private let unsynced = UnsyncedFiles()

    /// - Parameter cache: the cache's folder; `objects` in it is made when it is first needed.
    package init(cache: FilePath) {
        folder = cache.appending("objects")
    }

    package func path(of object: Digest) -> FilePath {
        let name = object.description
        return folder.appending(String(name.prefix(2))).appending(String(name.dropFirst(2)))
    }

    package func holds(_ object: Digest, byteCount: Int) throws(StoreError) -> Bool {
        guard let status = try Files.status(path(of: object)) else { return false }
        return status.kind == .file && status.byteCount == byteCount
    }

    package func insert(movingFileAt path: FilePath) throws(StoreError) -> FileDigest {
        let digest = try FileDigest(ofFileAt: path)
        let target = self.path(of: digest.digest)
        if try holdsIntact(digest) {
            // Whoever collects what is old sees that it is in use again.
            try? Files.touch(target)
            try Files.remove(path)
            return digest
        }
        try Files.setPermissions(path, 0o444)
        do throws(StoreError) {
            try Files.rename(path, to: target)
        } catch .cannot(_, _, reason: .noSuchFileOrDirectory) {
            try Files.makeFolder(target.removingLastComponent())
            try Files.rename(path, to: target)
        }
        unsynced.insert(target)
        return digest
    }

    package func insert(_ bytes: [UInt8]) throws(StoreError) -> FileDigest {
        try Files.makeFolder(folder)
        let temporary = Files.temporarySibling(of: folder.appending("new"))
        try Files.write(bytes, toNew: temporary)
        do throws(StoreError) {
            return try insert(movingFileAt: temporary)
        } catch {
            try? Files.remove(temporary)
            throw error
        }
    }

    package func bytes(of object: Digest) throws(StoreError) -> [UInt8] {
        let path = path(of: object)
        guard try Files.status(path) != nil else { throw .absent(object: object) }
        let bytes = try Files.bytes(of: path)
        guard Digest(of: bytes) == object else {
            try setAside(object, at: path)
            throw .damaged(object: object, path: path)
        }
        return bytes
    }

    package func verifiedFile(of object: Digest) throws(StoreError) -> FilePath {
        let path = path(of: object)
        guard try Files.status(path) != nil else { throw .absent(object: object) }
        guard try FileDigest(ofFileAt: path).digest == object else {
            try setAside(object, at: path)
            throw .damaged(object: object, path: path)
        }
        return path
    }

    package func sync() throws(StoreError) {
        try unsynced.sync(in: folder)
    }

    /// Whether the very bytes are there already; a damaged object in their place is set aside.
    private func holdsIntact(_ digest: FileDigest) throws(StoreError) -> Bool {
        let path = path(of: digest.digest)
        guard try Files.status(path) != nil else { return false }
        if try FileDigest(ofFileAt: path) == digest { return true }
        try setAside(digest.digest, at: path)
        return false
    }

    /// A damaged object that stayed in its place would be met again and again, so a disk that keeps it there is at
    /// fault.
    private func setAside(_ object: Digest, at path: FilePath) throws(StoreError) {
        let damaged = folder.appending("damaged")
        try Files.makeFolder(damaged)
        do throws(StoreError) {
            try Files.rename(path, to: Files.temporarySibling(of: damaged.appending(object.description)))
        } catch .cannot(_, _, reason: .noSuchFileOrDirectory) {
            // Somebody else has set it aside already.
        }
    }
}
