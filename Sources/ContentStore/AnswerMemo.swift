// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Answers to questions, each with all that was looked at to find it: `memo/QUESTION`.
///
/// An answer is given again only while everything that was looked at is as it was: size, kind, device, inode, time of
/// modification and time of change of each file and folder, and the absence of what was not there. Losing or damaging
/// these files costs time and nothing else.
///
/// A file is a header, a table of numbers of a fixed length, so that threads can share it, the paths, the answer and a
/// seal over all of it, in the byte order of the machine.
package struct AnswerMemo {
    package struct Answer: Hashable, Sendable {
        package let text: String
        package let exitCode: Int32

        package init(text: String, exitCode: Int32) {
            self.text = text
            self.exitCode = exitCode
        }
    }

    /// Older ones go when there are more.
    private static let maximumCount = 64
    private static let magic: UInt64 = 0x3220_6f6d_656d_7072
    /// Magic, exit code, count of looks, bytes of paths, bytes of text.
    private static let headerByteCount = 40
    /// Kind, size, device, inode, two times, place of the path, whether links are followed.
    private static let rowByteCount = 64
    private static let sealByteCount = 32
    /// So many are looked at quicker than threads begin.
    private static let looksOfOneThread = 2048
    /// What a thread takes on at once, where there are several.
    private static let looksOfOneTurn = 512

    private let folder: CachePath

    /// - Parameter cache: the cache's folder; `memo` in it is made when it is first needed.
    package init(cache: FilePath) {
        folder = CachePath(root: cache).appending("memo")
    }

    /// The answer, where nothing that it depends on has changed.
    package func answer(to question: Digest) -> Answer? {
        guard let bytes = try? Files.ownFile(path(of: question), limit: CacheLimits.answer) else { return nil }
        return bytes.withUnsafeBytes { Self.answer($0, to: question) }
    }

    /// Keeps an answer, unless it depends on what is too young or cannot be looked at again.
    package func keep(_ answer: Answer, to question: Digest, lookedAt: LookedAt) throws(StoreError) {
        guard let looks = lookedAt.settledLooks() else { return }
        try Files.makeFolder(folder)
        try Files.replace(path(of: question), with: Self.bytes(of: answer, looks, question), permissions: 0o600)
        try removeOldest()
    }

    private func path(of question: Digest) -> CachePath { folder.appending(question.description) }

    private func removeOldest() throws(StoreError) {
        let names = try Files.names(in: folder)
        guard names.count > Self.maximumCount else { return }
        var aged: [(age: Int64, name: String)] = []
        for name in names {
            guard let status = try Files.status(folder.appending(name)) else { continue }
            aged.append((status.modificationTime, name))
        }
        for memo in aged.sorted(by: { $0 < $1 }).dropLast(Self.maximumCount / 2) {
            try Files.removeTree(folder.appending(memo.name))
        }
    }

    private static func bytes(of answer: Answer, _ looks: [FileLook], _ question: Digest) -> [UInt8] {
        var (table, paths): ([UInt8], [UInt8]) = ([], [])
        table.reserveCapacity(looks.count * rowByteCount)
        for look in looks {
            let numbers = look.numbers
            for number in [
                numbers.kind, UInt64(bitPattern: numbers.byteCount), numbers.device, numbers.inode,
                UInt64(bitPattern: numbers.modificationTime), UInt64(bitPattern: numbers.changeTime),
                UInt64(paths.count), look.place.followsLink ? 1 : 0,
            ] {
                append(number, to: &table)
            }
            look.place.path.withPlatformString { path in
                paths.append(contentsOf: UnsafeRawBufferPointer(start: path, count: strlen(path) + 1))
            }
        }
        let text = Array(answer.text.utf8)
        var bytes: [UInt8] = []
        for number in [
            magic, UInt64(bitPattern: Int64(answer.exitCode)), UInt64(looks.count), UInt64(paths.count),
            UInt64(text.count),
        ] {
            append(number, to: &bytes)
        }
        bytes += table + paths + text
        return bytes + bytes.withUnsafeBytes { seal(of: $0, question) }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    /// The digest of the bytes and the question, so that no file answers another's question.
    private static func seal(of bytes: UnsafeRawBufferPointer, _ question: Digest) -> [UInt8] {
        var hasher = ContentHasher()
        hasher.update(bytes)
        hasher.update(Array(question.description.utf8))
        return hasher.finalized().bytes
    }

    private static func answer(_ bytes: UnsafeRawBufferPointer, to question: Digest) -> Answer? {
        guard bytes.count >= headerByteCount + sealByteCount else { return nil }
        let sealed = UnsafeRawBufferPointer(rebasing: bytes.dropLast(sealByteCount))
        func number(_ index: Int) -> UInt64 { sealed.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
        guard number(0) == magic, bytes.suffix(sealByteCount).elementsEqual(seal(of: sealed, question)),
            let exitCode = Int32(exactly: Int64(bitPattern: number(1))), let count = Int(exactly: number(2)),
            let pathByteCount = Int(exactly: number(3)), let textByteCount = Int(exactly: number(4)),
            count <= sealed.count / rowByteCount, pathByteCount <= sealed.count, textByteCount <= sealed.count,
            headerByteCount + count * rowByteCount + pathByteCount + textByteCount == sealed.count
        else { return nil }
        let paths = headerByteCount + count * rowByteCount
        let looks = StoredLooks(
            rows: UnsafeRawBufferPointer(rebasing: sealed[headerByteCount..<paths]),
            paths: UnsafeRawBufferPointer(rebasing: sealed[paths..<paths + pathByteCount]))
        guard looks.hold(count), let text = String(validating: sealed[(paths + pathByteCount)...], as: UTF8.self) else {
            return nil
        }
        return Answer(text: text, exitCode: exitCode)
    }

    /// The table and the paths of a file whose seal holds.
    ///
    /// `@unchecked Sendable`: threads only read the bytes, nobody writes to them, and they outlive the threads.
    private struct StoredLooks: @unchecked Sendable {
        let rows: UnsafeRawBufferPointer
        let paths: UnsafeRawBufferPointer

        /// Whether the file system says the same as then of each place.
        func hold(_ count: Int) -> Bool {
            guard paths.last == 0 || count == 0 else { return false }
            guard count > looksOfOneThread else { return hold(0..<count) }
            let turns = (count + looksOfOneTurn - 1) / looksOfOneTurn
            let differs = Atomic(false)
            DispatchQueue.concurrentPerform(iterations: turns) { turn in
                guard !differs.load(ordering: .relaxed) else { return }
                let range = turn * looksOfOneTurn..<min(count, (turn + 1) * looksOfOneTurn)
                if !hold(range) { differs.store(true, ordering: .relaxed) }
            }
            return !differs.load(ordering: .relaxed)
        }

        private func hold(_ range: Range<Int>) -> Bool {
            range.allSatisfy { row in
                func number(_ index: Int) -> UInt64 {
                    rows.loadUnaligned(fromByteOffset: row * rowByteCount + index * 8, as: UInt64.self)
                }
                guard let offset = Int(exactly: number(6)), offset < paths.count,
                    let path = paths.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self),
                    let now = FileLookNumbers(at: path, followsLink: number(7) == 1)
                else { return false }
                return now.kind == number(0) && UInt64(bitPattern: now.byteCount) == number(1)
                    && now.device == number(2) && now.inode == number(3)
                    && UInt64(bitPattern: now.modificationTime) == number(4)
                    && UInt64(bitPattern: now.changeTime) == number(5)
            }
        }
    }
}
