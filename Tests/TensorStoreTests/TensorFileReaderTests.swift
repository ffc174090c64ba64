// SPDX-License-Identifier: Apache-2.0

import CHDF5
import TensorStore
import Tensors
import Testing

extension TensorStoreTests {
    @Suite struct Reading {
        /// Rows of 3 floats, row `r` being `[10r, 10r + 1, 10r + 2]`.
        private static func writeRows(_ path: String, count: Int) throws {
            let writer = try TensorFileWriter(path: path)
            let values = (0..<count).flatMap { row in (0..<3).map { Float(10 * row + $0) } }
            try writer.write("whole", values, shape: Shape([count, 3]))
            let stream = try writer.stream("stream", of: Float.self, rowShape: [3])
            try stream.append(values)
            try writer.close()
            try ForeignFile.write(path + ".deflated") {
                try $0.write(
                    "deflated", values, reprise_h5_float32(), extents: [hsize_t(count), 3], chunk: [2, 2]
                ) { H5Pset_deflate($0, 6) }
            }
        }

        @Test func `every range of rows is read`() throws {
            try withTemporaryFolder { folder in
                try Self.writeRows("\(folder)/a.h5", count: 7)
                let reader = try TensorFileReader(path: "\(folder)/a.h5")
                let deflated = try TensorFileReader(path: "\(folder)/a.h5.deflated")
                for start in 0...7 {
                    for end in start...7 {
                        let expected = (start..<end).flatMap { row in (0..<3).map { Float(10 * row + $0) } }
                        #expect(try reader.readRows("whole", start..<end) == expected)
                        #expect(try reader.readRows("stream", start..<end) == expected)
                        #expect(try deflated.readRows("deflated", start..<end) == expected)
                    }
                }
            }
        }

        @Test func `every batch of three rows out of five is read, in any order and with repetitions`() throws {
            try withTemporaryFolder { folder in
                try Self.writeRows("\(folder)/a.h5", count: 5)
                let reader = try TensorFileReader(path: "\(folder)/a.h5")
                let deflated = try TensorFileReader(path: "\(folder)/a.h5.deflated")
                for code in 0..<125 {
                    let indices = [code / 25, code / 5 % 5, code % 5]
                    let expected = indices.flatMap { row in (0..<3).map { Float(10 * row + $0) } }
                    #expect(try reader.readRows("whole", indices: indices) == expected)
                    #expect(try reader.readRows("stream", indices: indices) == expected)
                    #expect(try deflated.readRows("deflated", indices: indices) == expected)
                }
                #expect(try reader.readRows("whole", indices: [], as: Float.self) == [])
            }
        }

        @Test func `more datasets than are kept open are read in turn`() throws {
            try withTemporaryFolder { folder in
                let writer = try TensorFileWriter(path: "\(folder)/a.h5")
                for index in 0..<20 { try writer.write("images/\(index)", [Int32(index)], shape: [1]) }
                try writer.close()
                let reader = try TensorFileReader(path: "\(folder)/a.h5")
                for _ in 0..<2 {
                    for index in 0..<20 { #expect(try reader.read("images/\(index)") == [Int32(index)]) }
                }
            }
        }

        @Test func `big-endian values and every string format are understood`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try ForeignFile.write(path) { file in
                    try file.write(
                        "big", [1, -2.5] as [Float], reprise_h5_float32_big_endian(), extents: [2],
                        memoryType: reprise_h5_float32())
                    let padded = ForeignFile.stringType(3, H5T_STR_SPACEPAD)
                    try file.write("spaces", Array("a  bcd".utf8), padded, extents: [2])
                    let terminated = ForeignFile.stringType(3, H5T_STR_NULLTERM)
                    try file.write("terminated", [97, 0, 120, 99, 100, 101] as [UInt8], terminated, extents: [2])
                    let variable = ForeignFile.stringType(reprise_h5_variable_length())
                    try "long enough".withCString { first in
                        try "b".withCString { try file.write("variable", [first, $0], variable, extents: [2]) }
                    }
                    try "tensorflow".withCString { try file.setAttribute("backend", [$0], variable) }
                    let zeroPadded = ForeignFile.stringType(3, H5T_STR_NULLPAD)
                    try file.setAttribute("layers", Array("ab\0c\0\0".utf8), zeroPadded, count: 2)
                    try file.setAttribute("byte", [200] as [UInt8], reprise_h5_uint8())
                    try file.setAttribute("half", [0.5] as [Float], reprise_h5_float32(), count: 1)
                    try file.setAttribute("huge", [UInt64.max], reprise_h5_uint64(), on: "big")
                }
                let reader = try TensorFileReader(path: path)
                #expect(try reader.read("big") == [1, -2.5] as [Float])
                #expect(try reader.readStrings("spaces") == ["a", "bcd"])
                #expect(try reader.readStrings("terminated") == ["a", "cde"])
                #expect(try reader.readStrings("variable") == ["long enough", "b"])
                #expect(try reader.attribute("backend") == .text("tensorflow"))
                #expect(try reader.attribute("layers") == .texts(["ab", "c"]))
                #expect(try reader.attribute("byte") == .integer(200))
                #expect(try reader.attribute("half") == .numbers([0.5]))
                #expect(
                    throws: TensorFileError.unsupported(
                        file: path, object: "big",
                        reason: "its attribute 'huge' holds 18446744073709551615, which is beyond Int64")
                ) { try reader.attributes(of: "big") }
            }
        }

        @Test func `another type or a missing name is an error that says so`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.write("data", [1] as [Double], shape: [1])
                try writer.close()
                let reader = try TensorFileReader(path: path)
                let wrongType = TensorFileError.wrongType(
                    file: path, dataset: "data", expected: .float32, found: .float64)
                #expect(throws: wrongType) { try reader.read("data", as: Float.self) }
                #expect(throws: wrongType) { try reader.readRows("data", indices: [0], as: Float.self) }
                #expect(wrongType.description == "cannot read 'data' in '\(path)' as float32: its elements are float64")
                #expect(throws: TensorFileError.missing(file: path, object: "label")) {
                    try reader.shape(of: "label")
                }
                #expect(throws: TensorFileError.missing(file: path, object: "label")) {
                    try reader.attributes(of: "label")
                }
            }
        }

        @Test func `what is no HDF5 file is refused`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try writeBytes(Array("no HDF5 at all".utf8), to: path)
                #expect(throws: TensorFileError.notHDF5(file: path)) { try TensorFileReader(path: path) }
                try writeBytes([], to: path)
                #expect(throws: TensorFileError.notHDF5(file: path)) { try TensorFileReader(path: path) }
                #expect(throws: TensorFileError.cannotOpen(file: folder, reason: "it is not a regular file")) {
                    try TensorFileReader(path: folder)
                }
                let missing = TensorFileError.cannotOpen(
                    file: "\(folder)/b.h5", reason: "no such file or directory")
                #expect(throws: missing) { try TensorFileReader(path: "\(folder)/b.h5") }
                #expect(missing.description == "cannot open '\(folder)/b.h5': no such file or directory")
            }
        }
    }
}
