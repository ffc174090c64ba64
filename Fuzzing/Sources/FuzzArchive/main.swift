// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import SystemPackage

// Archives are read by name: files in memory, where the system keeps such files, are written anew for each input.
let archive = FilePath("/dev/shm/reprise-fuzz-\(getpid()).tar")
let copy = FilePath("/dev/shm/reprise-fuzz-\(getpid())-copy.tar")
atexit {
    try? Files.remove(archive)
    try? Files.remove(copy)
}

// Every change of a header makes its sum wrong, which ends the reading; so each input is read once as it is and once
// with its sums set right.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        for bytes in [bytes, withRightSums(bytes)] {
            do {
                try Files.replace(archive, with: bytes)
            } catch {
                preconditionFailure("\(error)")
            }
            do throws(ArchiveError) {
                try check(try ArchiveReader(readingFrom: archive), byteCount: count)
            } catch {
                guard case .malformed(_, let offset, let reason) = error else { preconditionFailure("\(error)") }
                precondition(offset <= count && !reason.isEmpty, "damage has no place")
            }
        }
    })

/// No file leads out of a folder or is longer than the archive, and what is read can be packed again.
func check(_ reader: ArchiveReader, byteCount: Int) throws(ArchiveError) {
    precondition(reader.members.reduce(0) { $0 + $1.byteCount } <= byteCount, "files are longer than their archive")
    var inputs: [ArchiveInput] = []
    for member in reader.members {
        let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
        precondition(parts.allSatisfy { !["", ".", ".."].contains($0) }, "a name leads out of its folder")
        inputs.append(ArchiveInput(name: member.name, content: .bytes(try reader.bytes(of: member))))
    }
    try ArchiveWriter.write(inputs, to: copy)
    let again = try ArchiveReader(readingFrom: copy)
    precondition(Set(again.members.map(\.name)) == Set(inputs.map(\.name)), "a file is lost")
}

/// The same blocks with the sum of each that could be a header.
func withRightSums(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257] == UInt8(ascii: "u") {
        for place in 148..<156 { bytes[start + place] = UInt8(ascii: " ") }
        let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
        for (index, shift) in [15, 12, 9, 6, 3, 0].enumerated() {
            bytes[start + 148 + index] = UInt8(ascii: "0") + UInt8(sum >> shift & 7)
        }
        bytes[start + 154] = 0
    }
    return bytes
}
