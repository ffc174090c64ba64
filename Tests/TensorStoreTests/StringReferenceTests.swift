// SPDX-License-Identifier: Apache-2.0

import CHDF5
import TensorStore
import Tensors
import Testing

extension TensorStoreTests {
    /// Strings of any length, as h5py and Keras write them: references into a heap that no checksum guards.
    @Suite struct StringReferences {
        static let texts = ["first", "", "a longer one, of more than eight bytes", "é", "last"]

        @Test(arguments: [false, true]) func `strings of any length are read, wherever they are`(latest: Bool) throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try writeReferences(path, latest: latest)
                let reader = try TensorFileReader(path: path)
                for name in ["plain", "chunked", "deflated"] {
                    #expect(try reader.readStrings(name) == Self.texts, "\(name)")
                    #expect(try reader.shape(of: name) == [5])
                }
                #expect(try reader.readStrings("unwritten") == ["", "", ""])
                #expect(try reader.readStrings("many") == (0..<5000).map { "number \($0)" })
                #expect(try reader.attribute("one") == .text("alone"))
                #expect(try reader.attribute("list") == .texts(Self.texts))
                #expect(try reader.attribute("long") == .text(String(repeating: "x", count: 50_000)))
            }
        }

        /// Every byte of the heap, of the references in a dataset and of those in an attribute, in turn.
        @Test func `a damaged reference or heap is a string or an error, never worse`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path, latest: true) { file in
                    try file.writeReferences("names", ["ab", "cde"])
                    try file.setReference("note", "fghi")
                }
                let bytes = try readBytes(path)
                let heap = try #require(bytes.firstRange(of: Array("GCOL".utf8))).lowerBound
                let address = withUnsafeBytes(of: UInt64(heap).littleEndian) { Array($0) }
                let references = bytes.indices.filter { bytes[$0...].starts(with: address) }
                #expect(references.count == 3)
                var (refused, other) = (0, 0)
                for position in references.flatMap({ $0 - 4..<$0 + 12 }) + Array(heap..<heap + 100) {
                    for value in [UInt8(0), 1, 3, 0x7f, 0x80, 0xff] where bytes[position] != value {
                        var altered = bytes
                        altered[position] = value
                        try writeBytes(altered, to: "\(folder)/altered.h5")
                        do {
                            let reader = try TensorFileReader(path: "\(folder)/altered.h5")
                            let texts = try reader.readStrings("names")
                            if texts != ["ab", "cde"] { other += 1 }
                            _ = try reader.attributes()
                        } catch is TensorFileError {
                            refused += 1
                        }
                    }
                }
                #expect(refused > 200 && other > 5)
            }
        }

        @Test func `damage to the heap is told`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path) { try $0.writeReferences("names", ["abcdefgh"]) }
                let bytes = try readBytes(path)
                let heap = try #require(bytes.firstRange(of: Array("GCOL".utf8))).lowerBound
                // The signature, the version, the collection's length, the object's index, the object's length.
                for (offset, value) in [(0, 0), (4, 2), (9, 0), (15, 0x7f), (16, 9), (24, 7), (31, 0x80), (30, 1)] {
                    var altered = bytes
                    altered[heap + offset] = UInt8(value)
                    try writeBytes(altered, to: path)
                    #expect(
                        throws: TensorFileError.cannotRead(
                            file: path, object: "names", reason: "a reference to a string is damaged"), "byte \(offset)"
                    ) { try TensorFileReader(path: path).readStrings("names") }
                }
                var altered = bytes
                altered[heap + 32] = 0xff
                try writeBytes(altered, to: path)
                #expect(
                    throws: TensorFileError.cannotRead(file: path, object: "names", reason: "a string is not UTF-8")
                ) { try TensorFileReader(path: path).readStrings("names") }
            }
        }

        /// Four thousand references to one string of 100 kB would be 400 MB.
        @Test func `many references to one long string are refused before memory is taken`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let long = String(repeating: "y", count: 100_000)
                try ForeignFile.write(path) {
                    try $0.writeReferences("names", [long] + Array(repeating: "", count: 3999))
                }
                var bytes = try readBytes(path)
                // The one reference that is not empty: its length, then its heap's address.
                let length = withUnsafeBytes(of: UInt32(100_000).littleEndian) { Array($0) }
                let places = bytes.indices.filter { bytes[$0...].starts(with: length) }
                let reference = try #require(places.last { bytes[($0 + 12)...].starts(with: [1, 0, 0, 0]) })
                let one = Array(bytes[reference..<reference + 16])
                for index in 1..<4000 {
                    bytes.replaceSubrange(reference + 16 * index..<reference + 16 * (index + 1), with: one)
                }
                try writeBytes(bytes, to: path)
                #expect(
                    throws: TensorFileError.cannotRead(
                        file: path, object: "names", reason: "strings of 400000000 bytes together are refused")
                ) { try TensorFileReader(path: path).readStrings("names") }
            }
        }
    }
}

private func writeReferences(_ path: String, latest: Bool) throws {
    let texts = TensorStoreTests.StringReferences.texts
    try ForeignFile.write(path, latest: latest) { file in
        try file.writeReferences("plain", texts)
        try file.writeReferences("chunked", texts, chunk: 2)
        try file.writeReferences("deflated", texts, chunk: 2) { H5Pset_deflate($0, 6) }
        try file.write(
            "unwritten", [Int](), ForeignFile.stringType(reprise_h5_variable_length()), extents: [3])
        try file.writeReferences("many", (0..<5000).map { "number \($0)" })
        try file.setReference("one", "alone")
        try file.setReference("long", String(repeating: "x", count: 50_000))
        try file.setReferences("list", texts)
    }
}

extension ForeignFile {
    /// Hands C strings to `body`, alive as long as it runs.
    private func withCStrings(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Void) throws {
        let bytes = texts.map { Array($0.utf8CString) }
        let starts = bytes.indices.map { index in bytes[..<index].reduce(0) { $0 + $1.count } }
        try Array(bytes.joined()).withUnsafeBufferPointer { buffer in
            try body(starts.map { start in buffer.baseAddress.map { $0 + start } })
        }
    }

    fileprivate func writeReferences(
        _ name: String, _ texts: [String], chunk: hsize_t? = nil, creation: (hid_t) -> Void = { _ in }
    ) throws {
        try withCStrings(texts) {
            try write(
                name, $0, Self.stringType(reprise_h5_variable_length()), extents: [hsize_t(texts.count)],
                chunk: chunk.map { [$0] }, creation: creation)
        }
    }

    fileprivate func setReference(_ name: String, _ text: String) throws {
        try withCStrings([text]) {
            try setAttribute(name, $0, Self.stringType(reprise_h5_variable_length()))
        }
    }

    fileprivate func setReferences(_ name: String, _ texts: [String]) throws {
        try withCStrings(texts) {
            try setAttribute(name, $0, Self.stringType(reprise_h5_variable_length()), count: texts.count)
        }
    }
}
