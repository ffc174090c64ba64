// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Goes through an archive from header to header.
struct ArchiveScan {
    /// A reader's blocks may be longer than the archive, and `tar` fills them up with zeros.
    private static let trailerLimit = 1 << 20

    private let file: ArchiveFile
    private var offset = 0
    /// The part of the file that begins at `bufferStart`.
    private var buffer: [UInt8] = []
    private var bufferStart = 0
    private static let bufferByteCount = 1 << 16

    private var byteCount: Int { file.byteCount }

    init(_ file: ArchiveFile) {
        self.file = file
    }

    mutating func members() throws(ArchiveError) -> (members: [ArchiveMember], names: ArchiveNames) {
        var members: [ArchiveMember] = []
        var offsets: [Int] = []
        while true {
            let start = offset
            let block = try bytes(ArchiveHeader.blockByteCount)
            if Self.isZero(block) {
                try checkEnd()
                break
            }
            members.append(try member(block, at: start))
            offsets.append(start)
        }
        let names = ArchiveNames(members.map(\.name))
        if let fault = names.fault { throw malformed(at: offsets[fault.index], "the \(fault.reason)") }
        return (members, names)
    }

    private mutating func member(_ first: ArraySlice<UInt8>, at start: Int) throws(ArchiveError) -> ArchiveMember {
        var header = try Header(first, file.path, at: start)
        var extended = Extension()
        if header.kind == .extended {
            guard header.byteCount <= ArchiveHeader.extensionLimit else {
                throw malformed(at: start, "an extended header is too long")
            }
            guard let read = Extension(try bytes(header.byteCount)) else {
                throw malformed(at: start, "an extended header is not understood")
            }
            extended = read
            try skipPadding(after: header.byteCount)
            let second = offset
            header = try Header(try bytes(ArchiveHeader.blockByteCount), file.path, at: second)
            guard header.kind == .file else { throw malformed(at: second, "a file's header was expected") }
        }
        guard let name = extended.name ?? header.name else { throw malformed(at: start, "a file's name is not text") }
        let length = extended.byteCount ?? header.byteCount
        guard length <= byteCount - offset else { throw short("'\(name.prefix(ArchiveNames.byteLimit))'") }
        let range = offset..<offset + length
        offset = range.upperBound
        try skipPadding(after: length)
        return ArchiveMember(name: name, range: range)
    }

    /// Two blocks of zeros end an archive; more of them may follow, and nothing else.
    private mutating func checkEnd() throws(ArchiveError) {
        let second = offset
        guard Self.isZero(try bytes(ArchiveHeader.blockByteCount)) else {
            throw malformed(at: second, "the second block of an end was expected")
        }
        guard byteCount - offset <= Self.trailerLimit else { throw malformed(at: offset, "it goes on after its end") }
        while offset < byteCount {
            let start = offset
            guard Self.isZero(try bytes(min(ArchiveHeader.blockByteCount, byteCount - offset))) else {
                throw malformed(at: start, "something follows the end")
            }
        }
    }

    private mutating func skipPadding(after length: Int) throws(ArchiveError) {
        let start = offset
        guard Self.isZero(try bytes(ArchiveHeader.paddedByteCount(length) - length)) else {
            throw malformed(at: start, "zeros were expected")
        }
    }

    private static func isZero(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { $0 == 0 } }

    /// The next bytes, of which there are not more than the buffer takes.
    private mutating func bytes(_ count: Int) throws(ArchiveError) -> ArraySlice<UInt8> {
        if offset < bufferStart || offset + count > bufferStart + buffer.count { try fill() }
        let start = offset - bufferStart
        guard start + count <= buffer.count else { throw short("it") }
        offset += count
        return buffer[start..<start + count]
    }

    private mutating func fill() throws(ArchiveError) {
        let wanted = max(0, min(Self.bufferByteCount, byteCount - offset))
        var bytes = [UInt8](repeating: 0, count: wanted)
        let (file, offset) = (file, offset)
        let read = bytes.withUnsafeMutableBytes { bytes in
            Result { () throws(ArchiveError) in try file.read(at: offset, into: bytes) }
        }
        let count = try read.get()
        bytes.removeLast(wanted - count)
        (buffer, bufferStart) = (bytes, offset)
    }

    private func malformed(at offset: Int, _ reason: String) -> ArchiveError {
        .malformed(path: file.path, offset: offset, reason: reason)
    }

    private func short(_ what: String) -> ArchiveError { malformed(at: byteCount, "\(what) is cut short") }
}

/// The fields of a header that count.
private struct Header {
    let kind: ArchiveHeader.Kind
    /// `nil` where it is no text.
    let name: String?
    let byteCount: Int

    init(_ bytes: ArraySlice<UInt8>, _ path: FilePath, at offset: Int) throws(ArchiveError) {
        let block = Array(bytes)
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
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
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
