// SPDX-License-Identifier: Apache-2.0

import CHDF5
import TensorStore
import Tensors
import Testing

extension TensorStoreTests {
    @Suite struct Hostile {
        @Test func `links out of the file, aliases and circles are refused when it is opened`() throws {
            let links: [(name: String, reason: String, make: (hid_t) -> Void)] = [
                (
                    "external", "'link' is a soft, external or user-defined link",
                    { H5Lcreate_external("/etc/other.h5", "/data", $0, "link", 0, 0) }
                ),
                (
                    "soft", "'link' is a soft, external or user-defined link",
                    { H5Lcreate_soft("/group", $0, "link", 0, 0) }
                ),
                ("circle", "the group has two names", { H5Lcreate_hard($0, "/", $0, "group/circle", 0, 0) }),
            ]
            try withTemporaryFolder { folder in
                for link in links {
                    let path = "\(folder)/\(link.name).h5"
                    try ForeignFile.write(path) {
                        $0.makeGroup("group")
                        link.make($0.file)
                    }
                    let object = link.name == "circle" ? "group/circle" : ""
                    #expect(throws: TensorFileError.unsupported(file: path, object: object, reason: link.reason)) {
                        try TensorFileReader(path: path)
                    }
                }
            }
        }

        @Test func `values in other files or datasets are refused`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path, latest: true) { file in
                    try file.write("external", [Float](), reprise_h5_float32(), extents: [4]) {
                        H5Pset_external($0, "/etc/passwd", 0, 16)
                    }
                    try file.write("virtual", [Float](), reprise_h5_float32(), extents: [4]) {
                        var extent: hsize_t = 4
                        let space = H5Screate_simple(1, &extent, nil)
                        H5Pset_virtual($0, space, "/etc/other.h5", "data", space)
                        H5Sclose(space)
                    }
                }
                let reader = try TensorFileReader(path: path)
                #expect(
                    throws: TensorFileError.unsupported(
                        file: path, object: "external", reason: "its values are in another file")
                ) { try reader.shape(of: "external") }
                #expect(
                    throws: TensorFileError.unsupported(
                        file: path, object: "virtual", reason: "it is virtual: its values are in other datasets")
                ) { try reader.read("virtual", as: Float.self) }
            }
        }

        @Test func `a size that the file cannot hold is refused before memory is taken`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path) { file in
                    let float32 = reprise_h5_float32()
                    try file.write("unwritten", [Float](), float32, extents: [1 << 24])
                    try file.write("huge", [Float](), float32, extents: [1 << 40], chunk: [1 << 20])
                    try file.write(
                        "overflowing", [Float](), float32, extents: [1 << 31, 1 << 31, 2], chunk: [1, 1, 1])
                    try file.write("overflowing-but-empty", [Float](), float32, extents: [1 << 31, 1 << 31, 0])
                    try file.write("deflated", [Float](), float32, extents: [1 << 40], chunk: [1 << 20]) {
                        H5Pset_deflate($0, 9)
                    }
                }
                let reader = try TensorFileReader(path: path)
                #expect(try reader.read("unwritten", as: Float.self) == [Float](repeating: 0, count: 1 << 24))
                for name in ["huge", "deflated"] {
                    let error = TensorFileError.implausible(
                        file: path, dataset: name, declaredBytes: 1 << 42, storedBytes: 0)
                    #expect(throws: error) { try reader.read(name, as: Float.self) }
                    #expect(throws: error) { try reader.shape(of: name) }
                }
                #expect(throws: TensorFileError.self) { try reader.shape(of: "overflowing") }
                #expect(throws: TensorFileError.self) { try reader.shape(of: "overflowing-but-empty") }
            }
        }

        @Test func `types and filters that are not ours are refused`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path) { file in
                    let pair = H5Tcreate(H5T_COMPOUND, 8)
                    H5Tinsert(pair, "re", 0, reprise_h5_float32())
                    H5Tinsert(pair, "im", 4, reprise_h5_float32())
                    try file.write("complex", [1, 2] as [Float], pair, extents: [1])
                    try file.write("uint64", [1] as [UInt64], reprise_h5_uint64(), extents: [1])
                    try file.write("scaled", [1, 2] as [Int32], reprise_h5_int32(), extents: [2], chunk: [2]) {
                        H5Pset_scaleoffset($0, H5Z_SO_INT, 0)
                    }
                    let int32 = reprise_h5_int32()
                    try file.write("compressed-twice", [1, 2] as [Int32], int32, extents: [2], chunk: [2]) {
                        H5Pset_deflate($0, 9)
                        H5Pset_deflate($0, 9)
                    }
                    try file.setAttribute("pair", [1, 2] as [Float], pair)
                }
                let reader = try TensorFileReader(path: path)
                for name in reader.datasetNames {
                    let error = #expect(throws: TensorFileError.self) { try reader.shape(of: name) }
                    guard case .unsupported(path, name, _) = error else {
                        Issue.record("\(String(describing: error)) for \(name)")
                        continue
                    }
                }
                #expect(reader.datasetNames.count == 4)
                #expect(throws: TensorFileError.self) { try reader.attributes() }
            }
        }

        @Test func `a file cut anywhere is refused`() throws {
            try withTemporaryFolder { folder in
                let bytes = try smallFile("\(folder)/a.h5")
                for length in 0..<bytes.count {
                    let path = "\(folder)/cut.h5"
                    try writeBytes(Array(bytes[..<length]), to: path)
                    #expect(throws: TensorFileError.self, "\(length) of \(bytes.count) bytes") {
                        try TensorFileReader(path: path)
                    }
                }
            }
        }

        /// libhdf5 1.10.8 itself ends by a signal at some of these (the clean-up after a failed listing of many links
        /// frees what was never written, for one).
        @Test(arguments: [false, true])
        func `a file of others with any byte altered is read or refused, never worse`(latest: Bool) throws {
            try withTemporaryFolder { folder in
                let bytes = try foreignFile("\(folder)/a.h5", latest: latest)
                try readEverything("\(folder)/a.h5")
                let metadata = bytes.indices.filter { place in
                    bytes[max(0, place - 4)..<min(bytes.count, place + 4)].contains { $0 != 0 }
                }
                var refused = 0
                for (number, position) in metadata.enumerated() where number % 9 == 0 {
                    var altered = bytes
                    altered[position] ^= [0x01, 0x80, 0xFF][number / 9 % 3]
                    try writeBytes(altered, to: "\(folder)/altered.h5")
                    do {
                        try readEverything("\(folder)/altered.h5")
                    } catch is TensorFileError {
                        refused += 1
                    }
                }
                #expect(refused > metadata.count / 40)
            }
        }

        @Test func `a file of others cut anywhere is refused`() throws {
            try withTemporaryFolder { folder in
                let bytes = try foreignFile("\(folder)/a.h5", latest: false)
                for length in stride(from: 0, to: bytes.count, by: 97) {
                    try writeBytes(Array(bytes[..<length]), to: "\(folder)/cut.h5")
                    #expect(throws: TensorFileError.self, "\(length) of \(bytes.count) bytes") {
                        try readEverything("\(folder)/cut.h5")
                    }
                }
            }
        }

        /// Metadata of the format we write carries checksums, so that only a change of values goes unseen here.
        @Test func `a file with any byte altered is read or refused, never worse`() throws {
            try withTemporaryFolder { folder in
                let bytes = try smallFile("\(folder)/a.h5")
                var refused = 0
                for position in bytes.indices {
                    var altered = bytes
                    altered[position] ^= [0x01, 0x80, 0xFF][position % 3]
                    try writeBytes(altered, to: "\(folder)/altered.h5")
                    do {
                        try readEverything("\(folder)/altered.h5")
                    } catch is TensorFileError {
                        refused += 1
                    }
                }
                #expect(refused > bytes.count / 3)
            }
        }
    }
}

/// Writes a file with a dataset, a stream, strings and attributes, and returns its bytes.
private func smallFile(_ path: String) throws -> [UInt8] {
    let writer = try TensorFileWriter(path: path)
    try writer.setAttribute("scale", 3)
    try writer.write("images/a", [1, 2, 3] as [Float], shape: [3], attributes: ["name": "first"])
    try writer.writeStrings("names", ["a", "bc"])
    try writer.close()
    return try readBytes(path)
}

/// Groups, many links, chunks with filters, numbers and strings of all kinds, in the format of others.
private func foreignFile(_ path: String, latest: Bool) throws -> [UInt8] {
    try ForeignFile.write(path, latest: latest) { file in
        file.makeGroup("group")
        for index in 0..<12 { try file.write("group/d\(index)", [UInt8(index)], reprise_h5_uint8(), extents: [1]) }
        try file.write("deflated", (0..<64).map { Float($0) }, reprise_h5_float32(), extents: [8, 8], chunk: [4, 8]) {
            H5Pset_shuffle($0)
            H5Pset_deflate($0, 6)
        }
        try file.write("fields", Array("ab cd ".utf8), ForeignFile.stringType(3, H5T_STR_SPACEPAD), extents: [2])
        try file.setAttribute("list", [1, 2] as [Int32], reprise_h5_int32(), count: 2)
    }
    return try readBytes(path)
}

private func readEverything(_ path: String) throws {
    try TensorFileReader(path: path).visitCanonicalContent { _ in }
}
