// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

struct FileObjectStoreTests {
    private func withStore(_ body: (FileObjectStore, FilePath) throws -> Void) throws {
        try withTemporaryFolder { try body(FileObjectStore(cache: $0), $0) }
    }

    /// Writes other bytes into an object, as a failing disk or root does.
    private func damage(_ object: Digest, in store: FileObjectStore, _ bytes: [UInt8]) throws {
        let path = store.path(of: object)
        try Files.remove(path)
        try Files.write(bytes, toNew: path)
    }

    @Test func `an object is a read-only file named by its digest`() throws {
        try withStore { store, cache in
            let inserted = try store.insert([1, 2, 3])
            #expect(inserted == FileDigest(digest: Digest(of: [1, 2, 3]), byteCount: 3))
            let name = inserted.digest.description
            let path = store.path(of: inserted.digest)
            #expect(path == cache.pushing(FilePath("objects/\(name.prefix(2))/\(name.dropFirst(2))")))
            #expect(try store.bytes(of: inserted.digest) == [1, 2, 3])
            #expect(try store.verifiedFile(of: inserted.digest) == path)
            var status = stat()
            #expect(stat(path.string, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o444)
        }
    }

    @Test func `inserting twice keeps the one that is there`() throws {
        try withStore { store, cache in
            let first = try store.insert([1, 2, 3])
            let before = try Files.status(store.path(of: first.digest))
            let file = cache.appending("made")
            try Files.write([1, 2, 3], toNew: file)
            #expect(try store.insert(movingFileAt: file) == first)
            #expect(try store.insert([1, 2, 3]) == first)
            #expect(try Files.status(store.path(of: first.digest))?.inode == before?.inode)
            #expect(try Files.names(in: cache) == ["objects"], "the file was not moved")
            #expect(try Files.names(in: cache.appending("objects")).count == 1)
        }
    }

    @Test func `an empty object is an object`() throws {
        try withStore { store, _ in
            let empty = try store.insert([])
            #expect(empty.byteCount == 0)
            #expect(try store.bytes(of: empty.digest) == [])
            #expect(try store.holds(empty.digest, byteCount: 0))
        }
    }

    @Test func `holding checks the size and reads nothing`() throws {
        try withStore { store, _ in
            let object = try store.insert([1, 2, 3]).digest
            #expect(try store.holds(object, byteCount: 3))
            #expect(try !store.holds(object, byteCount: 2))
            #expect(try !store.holds(Digest(of: [9]), byteCount: 1))
            try damage(object, in: store, [3, 2, 1])
            #expect(try store.holds(object, byteCount: 3))
            try damage(object, in: store, [3, 2])
            #expect(try !store.holds(object, byteCount: 3))
            try Files.remove(store.path(of: object))
            try Files.makeFolder(store.path(of: object))
            #expect(try !store.holds(object, byteCount: 3))
        }
    }

    @Test func `a damaged object is set aside when its bytes are read, and counts as absent from then on`() throws {
        try withStore { store, cache in
            let object = try store.insert([1, 2, 3]).digest
            let path = store.path(of: object)
            try damage(object, in: store, [1, 2, 7])
            let damaged = StoreError.damaged(object: object, path: path)
            #expect(throws: damaged) { _ = try store.bytes(of: object) }
            #expect(
                damaged.description == "object \(object.abbreviated) is damaged: '\(path)' does not hold the bytes "
                    + "that its name promises")
            #expect(try !store.holds(object, byteCount: 3))
            let absent = StoreError.absent(object: object)
            #expect(throws: absent) { _ = try store.bytes(of: object) }
            #expect(throws: absent) { _ = try store.verifiedFile(of: object) }
            #expect(absent.description == "object \(object.abbreviated) is not in the cache")
            #expect(try Files.names(in: cache.pushing("objects/damaged")).count == 1)

            #expect(try store.insert([1, 2, 3]).digest == object)
            #expect(try store.bytes(of: object) == [1, 2, 3])
        }
    }

    @Test func `every bit of an object is verified`() throws {
        try withStore { store, _ in
            let bytes: [UInt8] = [0, 255, 17, 4]
            for bit in 0..<bytes.count * 8 {
                let object = try store.insert(bytes).digest
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                try damage(object, in: store, flipped)
                #expect(throws: StoreError.damaged(object: object, path: store.path(of: object))) {
                    _ = try store.verifiedFile(of: object)
                }
            }
        }
    }

    @Test func `inserting over a damaged object mends it`() throws {
        try withStore { store, _ in
            let object = try store.insert([1, 2, 3]).digest
            try damage(object, in: store, [0])
            _ = try store.insert([1, 2, 3])
            #expect(try store.bytes(of: object) == [1, 2, 3])
        }
    }

    @Test func `a damaged object is set aside, whatever lies in the place of the folder for such`() throws {
        try withStore { store, cache in
            let object = try store.insert([1, 2, 3]).digest
            try damage(object, in: store, [1, 2, 7])
            try Files.write([], toNew: cache.pushing("objects/damaged"))
            let folder = cache.pushing("objects/damaged")
            #expect(throws: StoreError.damaged(object: object, path: store.path(of: object))) {
                _ = try store.verifiedFile(of: object)
            }
            #expect(try Files.names(in: folder).count == 1)
        }
    }

    @Test func `what cannot be inserted leaves nothing`() throws {
        try withStore { store, cache in
            #expect(throws: StoreError.self) { _ = try store.insert(movingFileAt: cache.appending("none")) }
            #expect(throws: StoreError.self) { _ = try store.insert(movingFileAt: cache) }
            // A file where the folder of objects should be.
            try Files.write([], toNew: cache.appending("objects"))
            #expect(throws: StoreError.self) { _ = try store.insert([1]) }
            #expect(try Files.names(in: cache) == ["objects"])
        }
    }

    @Test func `sync is for what is new, once, and bears what was set aside meanwhile`() throws {
        try withStore { store, _ in
            try store.sync()
            let object = try store.insert([1, 2, 3]).digest
            try store.sync()
            try store.sync()
            #expect(try store.bytes(of: object) == [1, 2, 3])
            let lost = try store.insert([4]).digest
            try Files.remove(store.path(of: lost))
            try store.sync()
        }
    }

    @Test func `many at once insert the same objects`() async throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let cache = FilePath("/tmp").appending(name)
        try Files.makeFolder(cache)
        defer { try? Files.removeTree(cache) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let store = FileObjectStore(cache: cache)
                    for value in UInt8(0)..<40 { _ = try store.insert([value, 1]) }
                    try store.sync()
                }
            }
            try await group.waitForAll()
        }
        let store = FileObjectStore(cache: cache)
        for value in UInt8(0)..<40 { #expect(try store.bytes(of: Digest(of: [value, 1])) == [value, 1]) }
        let strays = try Files.names(in: cache.appending("objects")).filter { $0.count != 2 }
        #expect(strays == [])
    }

    @Test func `an object of another length than it has to have is set aside without being read`() throws {
        try withTemporaryFolder { folder in
            let store = FileObjectStore(cache: folder)
            let object = try store.insert([1, 2, 3]).digest
            // Nobody could read so many bytes to their end.
            func lengthen() throws {
                try Files.setPermissions(store.path(of: object), 0o644)
                #expect(store.path(of: object).withPlatformString { truncate($0, 1 << 42) } == 0)
            }
            try lengthen()
            #expect(throws: StoreError.damaged(object: object, path: store.path(of: object))) {
                try store.verifiedFile(of: object, byteCount: 3)
            }
            #expect(try store.insert([1, 2, 3]).digest == object)
            try lengthen()
            #expect(try store.insert([1, 2, 3]).digest == object)
            #expect(try store.bytes(of: object) == [1, 2, 3])
        }
    }

    @Test func `hashing ends where its task is cancelled`() async throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let file = FilePath("/tmp").appending(name)
        try Files.write([], toNew: file)
        defer { try? Files.remove(file) }
        #expect(file.withPlatformString { truncate($0, 1 << 34) } == 0)
        let hashing = Task { try FileDigest(ofFileAt: file) }
        let copying = Task {
            try Files.copyHashing(file, toNew: FilePath(file.string + "-copy"))
        }
        hashing.cancel()
        copying.cancel()
        await #expect(throws: StoreError.interrupted) { try await hashing.value }
        await #expect(throws: StoreError.interrupted) { try await copying.value }
    }
}
