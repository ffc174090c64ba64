// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file in an archive.
package struct ArchiveMember: Hashable, Sendable {
    /// Relative; no part of it is `..`, `.` or empty.
    package let name: String
    /// Where its bytes lie in the archive's file.
    let range: Range<Int>

    package var byteCount: Int { range.count }
}

/// The files of an archive, which nobody vouches for.
///
/// All headers are read and checked before anything is unpacked: sums, lengths, names that stay below a folder and
/// stand once, plain files only, and an end. What the bytes are worth, a digest has to say.
package struct ArchiveReader: Sendable {
    package let path: FilePath
    /// In the archive's order.
    package let members: [ArchiveMember]

    package init(readingFrom path: FilePath) throws(ArchiveError) {
        self.path = path
        var scan = try ArchiveScan(path)
        members = try scan.members()
    }

    package func member(named name: String) -> ArchiveMember? { members.first { $0.name == name } }

    /// Hands the bytes of a file to `body` in pieces of at most a mebibyte.
    package func read(
        _ member: ArchiveMember, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(ArchiveError) {
        var byteCount = 0
        do throws(StoreError) {
            try Files.read(path, in: member.range) { (piece) throws(StoreError) in
                byteCount += piece.count
                try body(piece)
            }
        } catch {
            throw .store(error)
        }
        guard byteCount == member.byteCount else {
            throw .malformed(path: path, offset: member.range.lowerBound + byteCount, reason: "it ends here")
        }
    }

    /// All bytes of a file; one longer than `limit` is refused.
    package func bytes(of member: ArchiveMember, limit: Int = 1 << 28) throws(ArchiveError) -> [UInt8] {
        guard member.byteCount <= limit else {
            throw .malformed(path: path, offset: member.range.lowerBound, reason: "'\(member.name)' is too long")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(member.byteCount)
        try read(member) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Writes a file's bytes to `target`, whose folder exists, in one step.
    package func unpack(_ member: ArchiveMember, to target: FilePath) throws(ArchiveError) {
        do {
            try Files.replace(target) { (append: ([UInt8]) throws(StoreError) -> Void) throws in
                try read(member) { (piece) throws(StoreError) in try append(Array(piece)) }
            }
        } catch let error as ArchiveError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            preconditionFailure("unpacking an archive throws its own errors only")
        }
    }

    /// Writes all files below `folder`, which is made where it is missing.
    ///
    /// Where something lies in that folder already, links in it are followed; give it a new one.
    package func unpackAll(into folder: FilePath) throws(ArchiveError) {
        for member in members {
            let target = folder.pushing(FilePath(member.name))
            do throws(StoreError) {
                try Files.makeFolder(target.removingLastComponent())
            } catch {
                throw .store(error)
            }
            try unpack(member, to: target)
        }
    }
}

/// Goes from header to header.
private struct ArchiveScan {
    private let path: FilePath
    private let byteCount: Int
    private var offset = 0

    init(_ path: FilePath) throws(ArchiveError) {
        self.path = path
        do throws(StoreError) {
            guard let status = try Files.status(path) else {
                throw .cannot(action: "read", path: path, reason: .noSuchFileOrDirectory)
            }
            byteCount = status.byteCount
        } catch {
            throw .store(error)
        }
    }

    mutating func members() throws(ArchiveError) -> [ArchiveMember] {
        var members: [ArchiveMember] = []
        var offsets: [Int] = []
        while true {
            let start = offset
            let block = try bytes(ArchiveHeader.blockByteCount)
            if block.allSatisfy({ $0 == 0 }) {
                try checkEnd()
                break
            }
            members.append(try member(block, at: start))
            offsets.append(start)
        }
        if let fault = ArchiveNames.fault(in: members.map(\.name)) {
            throw .malformed(path: path, offset: offsets[fault.index], reason: "the \(fault.reason)")
        }
        return members
    }

    private mutating func member(_ first: [UInt8], at start: Int) throws(ArchiveError) -> ArchiveMember {
        var header = try Header(first, path, at: start)
        var extended = Extension()
        if header.kind == .extended {
            guard header.byteCount <= ArchiveHeader.extensionLimit else {
                throw .malformed(path: path, offset: start, reason: "an extended header is too long")
            }
            let records = try bytes(header.byteCount)
            guard let read = Extension(records) else {
                throw .malformed(path: path, offset: start, reason: "an extended header is not understood")
            }
            extended = read
            try skipPadding(after: header.byteCount)
            let second = offset
            header = try Header(try bytes(ArchiveHeader.blockByteCount), path, at: second)
            guard header.kind == .file else {
                throw .malformed(path: path, offset: second, reason: "a file's header was expected")
            }
        }
        guard let name = extended.name ?? header.name else {
            throw .malformed(path: path, offset: start, reason: "a file's name is not text")
        }
        let length = extended.byteCount ?? header.byteCount
        guard length <= byteCount - offset else { throw short("'\(name)'") }
        let range = offset..<offset + length
        offset = range.upperBound
        try skipPadding(after: length)
        return ArchiveMember(name: name, range: range)
    }

    /// Two blocks of zeros end an archive; more of them may follow, and nothing else.
    private mutating func checkEnd() throws(ArchiveError) {
        let second = offset
        guard try bytes(ArchiveHeader.blockByteCount).allSatisfy({ $0 == 0 }) else {
            throw .malformed(path: path, offset: second, reason: "the second block of an end was expected")
        }
        while offset < byteCount {
            let start = offset
            guard try bytes(min(ArchiveHeader.blockByteCount, byteCount - offset)).allSatisfy({ $0 == 0 }) else {
                throw .malformed(path: path, offset: start, reason: "something follows the end")
            }
        }
    }

    private mutating func skipPadding(after length: Int) throws(ArchiveError) {
        let start = offset
        guard try bytes(ArchiveHeader.paddedByteCount(length) - length).allSatisfy({ $0 == 0 }) else {
            throw .malformed(path: path, offset: start, reason: "zeros were expected")
        }
    }

    private mutating func bytes(_ count: Int) throws(ArchiveError) -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes: [UInt8] = []
        do throws(StoreError) {
            try Files.read(path, in: offset..<offset + count) { bytes.append(contentsOf: $0) }
        } catch {
            throw .store(error)
        }
        guard bytes.count == count else { throw short("it") }
        offset += count
        return bytes
    }

    private func short(_ what: String) -> ArchiveError {
        .malformed(path: path, offset: byteCount, reason: "\(what) is cut short")
    }
}

/// The fields of a header that count.
private struct Header {
    let kind: ArchiveHeader.Kind
    /// `nil` where it is no text.
    let name: String?
    let byteCount: Int

    init(_ block: [UInt8], _ path: FilePath, at offset: Int) throws(ArchiveError) {
        func malformed(_ reason: String) -> ArchiveError { .malformed(path: path, offset: offset, reason: reason) }
        guard block[257..<263].elementsEqual("ustar\0".utf8), block[263..<265].elementsEqual("00".utf8) else {
            throw malformed("this is no header of a pax archive")
        }
        guard let sum = Self.octal(block[ArchiveHeader.sumField]), sum == ArchiveHeader.sum(of: block[...]) else {
            throw malformed("the header's sum is wrong")
        }
        guard let kind = ArchiveHeader.Kind(rawValue: block[156]) else {
            throw malformed("'\(Self.text(block[0..<100]) ?? "?")' is no plain file")
        }
        guard let byteCount = Self.octal(block[124..<136]) else { throw malformed("a file's length is no number") }
        self.kind = kind
        self.byteCount = byteCount
        guard let name = Self.text(block[0..<100]), let prefix = Self.text(block[345..<500]) else {
            self.name = nil
            return
        }
        self.name = prefix.isEmpty ? name : prefix + "/" + name
    }

    /// Up to the first zero byte.
    private static func text(_ field: ArraySlice<UInt8>) -> String? {
        String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Digits, ended by a zero byte or a space.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.prefix { (0x30...0x37).contains($0) }
        guard !digits.isEmpty, field.dropFirst(digits.count).allSatisfy({ $0 == 0 || $0 == 0x20 }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }
}

/// What an extended header says of the file after it.
private struct Extension {
    private(set) var name: String?
    private(set) var byteCount: Int?

    init() {}

    /// `nil` for what are no records of the form `LENGTH KEY=VALUE`; keys but `path` and `size` mean nothing here.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), space - rest.startIndex <= 6,
                let length = Self.number(rest[..<space]), length > space - rest.startIndex + 1,
                length <= rest.count, rest[rest.startIndex + length - 1] == 0x0a
            else { return nil }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let value = record[(equals + 1)...]
            switch String(validating: record[..<equals], as: UTF8.self) {
            case "path":
                guard name == nil, let text = String(validating: value, as: UTF8.self) else { return nil }
                name = text
            case "size":
                guard byteCount == nil, let number = Self.number(value) else { return nil }
                byteCount = number
            case nil: return nil
            default: continue
            }
        }
    }

    /// Decimal digits only; at most 18 of them, so that no sum of two overflows.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
