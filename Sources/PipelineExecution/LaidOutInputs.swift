// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage

/// The inputs of a command as they were laid out for it, so that what it does to them is noticed.
struct LaidOutInputs: Sendable {
    /// Whose bytes a file has.
    private enum Origin {
        case copy(of: Digest)
        case member(String, archive: FilePath)
        /// An object of the cache under a second name.
        case link(Digest)
    }

    private struct File {
        let path: FilePath
        /// Right after it was laid out.
        let status: FileStatus
        let origin: Origin
        let input: String
    }

    private var files: [File] = []

    mutating func add(copy path: FilePath, of bytes: Digest, input: String) throws(StoreError) {
        try add(path, .copy(of: bytes), input)
    }

    mutating func add(unpacked path: FilePath, member: String, of archive: FilePath, input: String) throws(StoreError) {
        try add(path, .member(member, archive: archive), input)
    }

    mutating func add(link path: FilePath, to object: Digest, input: String) throws(StoreError) {
        try add(path, .link(object), input)
    }

    private mutating func add(_ path: FilePath, _ origin: Origin, _ input: String) throws(StoreError) {
        guard let status = try Files.linkStatus(path) else {
            throw .cannot(action: "look at", path: path, reason: .noSuchFileOrDirectory)
        }
        files.append(File(path: path, status: status, origin: origin, input: input))
    }

    /// Looks at each file once, and reads only those that are not as they were, those whose status does not tell, and
    /// objects under a second name, whose bytes the cache lives on.
    ///
    /// - Parameter clock: tells what a status is worth.
    /// - Throws: a `ToolFailure` for the first input of which a file is gone or has other bytes, `StoreError`.
    func checkUnchanged(in objects: any ObjectStore, by clock: any FileClock) throws {
        var archives = UnpackedArchives()
        for file in files {
            guard try isUnchanged(file, objects, clock, &archives) else {
                throw ToolFailure(
                    "it changed its input '\(file.input)'", at: .input(file.input),
                    hint: "inputs are read-only; a command that needs to write to one copies it first")
            }
        }
    }

    private func isUnchanged(
        _ file: File, _ objects: any ObjectStore, _ clock: any FileClock, _ archives: inout UnpackedArchives
    ) throws(StoreError) -> Bool {
        if case .link(let object) = file.origin {
            do throws(StoreError) {
                _ = try objects.verifiedFile(of: object)
            } catch .damaged {
                return false
            }
        }
        do throws(StoreError) {
            if try Files.linkStatus(file.path) == file.status, clock.trust(in: file.status, at: file.path) != .none {
                return true
            }
            // Something else in its place may be a pipe, which is not waited for.
            guard try Files.status(file.path)?.kind == .file else { return false }
            return try FileDigest(ofFileAt: file.path).digest == original(of: file.origin, &archives)
        } catch .cannot(_, file.path, reason: .permissionDenied) {
            return false
        }
    }

    private func original(of origin: Origin, _ archives: inout UnpackedArchives) throws(StoreError) -> Digest? {
        switch origin {
        case .copy(let bytes): bytes
        case .member(let name, let archive): try archives.digest(ofFile: name, in: archive)
        case .link(let object): object
        }
    }
}

/// Archives that inputs were unpacked from; the one that was asked for last is open.
private struct UnpackedArchives {
    private var opened: ArchiveReader?

    /// `nil` where the archive has no such file.
    mutating func digest(ofFile name: String, in archive: FilePath) throws(StoreError) -> Digest? {
        do throws(ArchiveError) {
            let reader = try reader(of: archive)
            guard let member = reader.member(named: name) else { return nil }
            var hasher = ContentHasher()
            try reader.read(member) { hasher.update($0) }
            return hasher.finalized()
        } catch {
            throw error.storeError(unpacking: archive)
        }
    }

    private mutating func reader(of archive: FilePath) throws(ArchiveError) -> ArchiveReader {
        if let opened, opened.path == archive { return opened }
        let reader = try ArchiveReader(readingFrom: archive)
        opened = reader
        return reader
    }
}
