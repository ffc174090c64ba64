// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Objects as read-only files named by their digest: `objects/ab/cdef…`.
///
/// An object appears by `rename(2)`, so it is there whole or not at all, and any number of processes may insert the
/// same one. A damaged object is moved to `objects/damaged`, where nothing looks for it, and counts as absent from then
/// on.
package final class FileObjectStore: ObjectStore {
    private let folder: CachePath
    private let unsynced = UnsyncedFiles()

    /// - Parameter cache: the cache's folder; `objects` in it is made when it is first needed.
    package init(cache: FilePath) {
        folder = CachePath(root: cache).appending("objects")
    }

    package func path(of object: Digest) -> FilePath { place(of: object).filePath }

    private func place(of object: Digest) -> CachePath {
        let name = object.description
        return folder.appending(String(name.prefix(2))).appending(String(name.dropFirst(2)))
    }

    package func holds(_ object: Digest, byteCount: Int) throws(StoreError) -> Bool {
        guard let status = try Files.status(place(of: object)) else { return false }
        return status.kind == .file && status.byteCount == byteCount
    }

    package func insert(movingFileAt path: FilePath) throws(StoreError) -> FileDigest {
        let digest = try FileDigest(ofFileAt: path)
        let target = place(of: digest.digest)
        if try holdsIntact(digest) {
            // Whoever collects what is old sees that it is in use again.
            try? Files.touch(target)
            try Files.remove(path)
            return digest
        }
        try Files.seal(path)
        do throws(StoreError) {
            try Files.rename(path, to: target)
        } catch {
            guard Self.lacksShelf(error) else { throw error }
            try Files.makeFolder(target.folder, replacesOthers: true)
            try Files.rename(path, to: target)
        }
        unsynced.insert(target)
        return digest
    }

    /// Whether a file could not be moved since there is no folder for it, or something else in that folder's place.
    private static func lacksShelf(_ error: StoreError) -> Bool {
        switch error {
        case .cannot(_, _, reason: .noSuchFileOrDirectory), .cannot(_, _, reason: .notDirectory), .link: true
        default: false
        }
    }

    package func insert(_ bytes: [UInt8]) throws(StoreError) -> FileDigest {
        try Files.makeFolder(folder)
        let temporary = Files.temporarySibling(of: folder.appending("new"))
        try Files.write(bytes, toNew: temporary)
        do throws(StoreError) {
            return try insert(movingFileAt: temporary.filePath)
        } catch {
            try? Files.remove(temporary)
            throw error
        }
    }

    package func bytes(of object: Digest) throws(StoreError) -> [UInt8] {
        let place = place(of: object)
        guard try Files.status(place) != nil else { throw .absent(object: object) }
        guard let bytes = try Files.plainFile(place, limit: 1 << 30), Digest(of: bytes) == object else {
            try setAside(object)
            throw .damaged(object: object, path: place.filePath)
        }
        return bytes
    }

    package func verifiedFile(of object: Digest) throws(StoreError) -> FilePath {
        try verifiedFile(of: object, byteCount: nil)
    }

    /// The same of an object whose length is known: one of another length is damaged, and is not read.
    package func verifiedFile(of object: Digest, byteCount: Int?) throws(StoreError) -> FilePath {
        let place = place(of: object)
        guard let status = try Files.status(place) else { throw .absent(object: object) }
        guard status.byteCount == byteCount ?? status.byteCount, try FileDigest(ofFileAt: place)?.digest == object
        else {
            try setAside(object)
            throw .damaged(object: object, path: place.filePath)
        }
        return place.filePath
    }

    package func sync() throws(StoreError) {
        try unsynced.sync(in: folder)
    }

    /// Whether the very bytes are there already; whatever else is in their place is set aside.
    private func holdsIntact(_ digest: FileDigest) throws(StoreError) -> Bool {
        let place = place(of: digest.digest)
        guard let status = try Files.status(place) else { return false }
        if status.byteCount == digest.byteCount, try FileDigest(ofFileAt: place) == digest { return true }
        try setAside(digest.digest)
        return false
    }

    /// A damaged object that stayed in its place would be met again and again, so a disk that keeps it there is at
    /// fault.
    private func setAside(_ object: Digest) throws(StoreError) {
        let damaged = folder.appending("damaged")
        try Files.makeFolder(damaged, replacesOthers: true)
        let target = Files.temporarySibling(of: damaged.appending(object.description))
        do throws(StoreError) {
            try Files.rename(place(of: object), to: target)
        } catch .cannot(_, _, reason: .noSuchFileOrDirectory) {
            // Somebody else has set it aside already.
            return
        }
        // It is as old as the moment it was found.
        try? Files.touch(target)
    }
}

extension Files {
    /// Makes a file read-only and sets its times to now, by the file system's clock.
    fileprivate static func seal(_ path: FilePath) throws(StoreError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno)) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o444) == 0 else {
            throw .cannot(action: "set the permissions of", path: path, reason: Errno(rawValue: errno))
        }
        guard futimens(descriptor, nil) == 0 else {
            throw .cannot(action: "set the times of", path: path, reason: Errno(rawValue: errno))
        }
    }
}
