// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file that goes into an archive.
package struct ArchiveInput: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case bytes([UInt8])
        case file(FilePath)
        /// A file and the digest that its bytes must have; other bytes are an error, `ArchiveError.changed`.
        case object(FilePath, Digest)
    }

    /// Relative, with `/` between its parts.
    package let name: String
    package let content: Content

    package init(name: String, content: Content) {
        self.name = name
        self.content = content
    }
}

/// Writes files into one archive that `tar` reads; the same files give the same bytes, whatever their order, owners and
/// times.
package enum ArchiveWriter {
    /// Replaces `path` by an archive of these files in one step, with a piece of a mebibyte in memory at a time.
    ///
    /// No two names may be the same, and none may lead out of a folder or hold another as if it were a folder.
    package static func write(_ inputs: [ArchiveInput], to path: FilePath) throws(ArchiveError) {
        if let fault = ArchiveNames(inputs.map(\.name)).fault {
            preconditionFailure("an archive's \(fault.reason)")
        }
        let sorted = inputs.sorted { $0.name.precedes($1.name) }
        do {
            try Files.replace(path) { (append: ([UInt8]) throws(StoreError) -> Void) throws in
                var pieces = Pieces()
                for (index, input) in sorted.enumerated() { try write(input, number: index + 1, &pieces, append) }
                pieces.add(Array(repeating: 0, count: 2 * ArchiveHeader.blockByteCount))
                try pieces.hand(over: 1, to: append)
            }
        } catch let error as ArchiveError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            preconditionFailure("writing an archive throws its own errors only")
        }
    }

    private static func write(
        _ input: ArchiveInput, number: Int, _ pieces: inout Pieces, _ append: ([UInt8]) throws(StoreError) -> Void
    ) throws {
        switch input.content {
        case .bytes(let bytes):
            pieces.add(ArchiveHeader.blocks(name: input.name, byteCount: bytes.count, number: number))
            pieces.add(bytes)
            pieces.add(ArchiveHeader.padding(after: bytes.count))
            try pieces.hand(over: Pieces.byteCount, to: append)
        case .file(let path): try write(input.name, path, nil, number: number, &pieces, append)
        case .object(let path, let digest): try write(input.name, path, digest, number: number, &pieces, append)
        }
    }

    private static func write(
        _ name: String, _ path: FilePath, _ digest: Digest?, number: Int, _ pieces: inout Pieces,
        _ append: ([UInt8]) throws(StoreError) -> Void
    ) throws {
        guard let status = try Files.status(path) else {
            throw StoreError.cannot(action: "read", path: path, reason: .noSuchFileOrDirectory)
        }
        guard status.kind == .file else { throw ArchiveError.changed(path: path) }
        pieces.add(ArchiveHeader.blocks(name: name, byteCount: status.byteCount, number: number))
        var written = 0
        var hasher = ContentHasher()
        // One byte more than there should be tells a file that has grown.
        try Files.read(path, in: 0..<status.byteCount + 1) { (piece) throws(StoreError) in
            written += piece.count
            if digest != nil { hasher.update(piece) }
            pieces.add(piece)
            try pieces.hand(over: Pieces.byteCount, to: append)
        }
        guard written == status.byteCount, digest == nil || hasher.finalized() == digest else {
            throw ArchiveError.changed(path: path)
        }
        pieces.add(ArchiveHeader.padding(after: status.byteCount))
    }
}

/// Collects bytes into pieces of about a mebibyte, since many files are some hundred bytes.
private struct Pieces {
    static let byteCount = 1 << 20

    private var piece: [UInt8] = []

    mutating func add(_ bytes: [UInt8]) { piece += bytes }
    mutating func add(_ bytes: UnsafeRawBufferPointer) { piece.append(contentsOf: bytes) }

    /// Hands what was collected to `append` once it has so many bytes.
    mutating func hand(
        over byteCount: Int, to append: ([UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard piece.count >= byteCount else { return }
        try append(piece)
        piece.removeAll(keepingCapacity: true)
    }
}
