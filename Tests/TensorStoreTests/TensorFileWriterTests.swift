// SPDX-License-Identifier: Apache-2.0

import TensorStore
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension TensorStoreTests {
    @Suite struct Writing {
        @Test func `values of every type come back with their shape`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.write("float32", [1.5, -0.0, .greatestFiniteMagnitude] as [Float], shape: [3])
                try writer.write("float64", [1.5, -2, 0.1, 4] as [Double], shape: [2, 2])
                try writer.write("uint8", [0, 255] as [UInt8], shape: [2, 1])
                try writer.write("int32", [.min, .max] as [Int32], shape: [1, 2])
                try writer.write("int64", [.min, .max] as [Int64], shape: [2])
                try writer.write("scalar", [7] as [Float], shape: [])
                try writer.write("empty", [] as [Float], shape: [0, 3])
                try writer.close()

                let reader = try TensorFileReader(path: path)
                #expect(
                    reader.datasetNames == ["empty", "float32", "float64", "int32", "int64", "scalar", "uint8"])
                let float32: [Float] = try reader.read("float32")
                #expect(
                    float32.map(\.bitPattern)
                        == [1.5, -0.0, .greatestFiniteMagnitude].map { (value: Float) in value.bitPattern })
                #expect(try reader.read("float64") == [1.5, -2, 0.1, 4] as [Double])
                #expect(try reader.read("uint8") == [0, 255] as [UInt8])
                #expect(try reader.read("int32") == [.min, .max] as [Int32])
                #expect(try reader.read("int64") == [.min, .max] as [Int64])
                #expect(try reader.readTensor("scalar") == Tensor(shape: [], values: [7]))
                #expect(try reader.readTensor("empty") == Tensor(shape: [0, 3], values: []))
                #expect(try reader.shape(of: "float64") == [2, 2])
                #expect(try reader.elementType(of: "int64") == .int64)
            }
        }

        @Test func `nested names make groups`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.write("sets/b/00002", [2] as [Float], shape: [1])
                try writer.write("sets/a", [1] as [Float], shape: [1])
                try writer.write("sets/b/00001", [1] as [Float], shape: [1])
                try writer.setAttribute("role", "train", on: "sets/b")
                try writer.close()
                let reader = try TensorFileReader(path: path)
                #expect(reader.datasetNames == ["sets/a", "sets/b/00001", "sets/b/00002"])
                #expect(reader.groupNames == ["sets", "sets/b"])
                #expect(try reader.attribute("role", of: "sets/b") == .text("train"))
            }
        }

        @Test func `attributes of every kind come back in byte order`() throws {
            let attributes: [String: AttributeValue] = [
                "text": "häßlich", "empty": "", "integer": .integer(.min), "number": .number(0.1),
                "texts": .texts(["", "a", "bcd"]), "integers": .integers([1, -1]), "numbers": .numbers([.pi]),
                "no-texts": .texts([]), "no-integers": .integers([]), "no-numbers": .numbers([]),
                "Z": 1, "é": 2,
            ]
            let order = [
                "Z", "empty", "integer", "integers", "no-integers", "no-numbers", "no-texts", "number", "numbers",
                "text", "texts", "é",
            ]
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.write("values", [1] as [Float], shape: [1], attributes: attributes)
                let stream = try writer.stream("stream", of: Float.self, rowShape: [1], attributes: attributes)
                try stream.append([1])
                for (name, value) in attributes { try writer.setAttribute(name, value) }
                try writer.close()
                let reader = try TensorFileReader(path: path)
                for object in ["values", "stream", nil] {
                    let found = try reader.attributes(of: object)
                    #expect(found.map(\.name) == order)
                    for attribute in found { #expect(attribute.value == attributes[attribute.name]) }
                }
                #expect(try reader.attribute("absent") == nil)
            }
        }

        @Test func `strings of every length come back`() throws {
            let strings = ["", "a", "ü€😀", "a much longer text", ""]
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.writeStrings("names", strings, attributes: ["what": "sources"])
                try writer.writeStrings("none", [])
                try writer.close()
                let reader = try TensorFileReader(path: path)
                #expect(try reader.readStrings("names") == strings)
                #expect(try reader.readStrings("none") == [])
                #expect(try reader.elementType(of: "names") == .text)
                #expect(try reader.shape(of: "names") == [5])
                #expect(try reader.attribute("what", of: "names") == .text("sources"))
            }
        }

        @Test func `a text with a zero byte is refused`() throws {
            try withTemporaryFolder { folder in
                let writer = try TensorFileWriter(path: "\(folder)/a.h5")
                let error = TensorFileError.cannotWrite(
                    file: "\(folder)/a.h5", object: "names", reason: "a text holds a zero byte")
                #expect(throws: error) { try writer.writeStrings("names", ["a\0b"]) }
                #expect(error.description == "cannot write 'names' in '\(folder)/a.h5': a text holds a zero byte")
            }
        }

        /// Rows of 256 KiB make chunks of four, so that all positions around two chunk borders are cheap to try.
        @Test(arguments: 0...9) func `a stream holds its rows whatever they come in`(rowCount: Int) throws {
            let rowElementCount = 1 << 16
            let values = (0..<rowCount * rowElementCount).map { Float($0 / 1000 * 7) }
            try withTemporaryFolder { folder in
                var files: [[UInt8]] = []
                for step in 1...9 {
                    let path = "\(folder)/\(step).h5"
                    let writer = try TensorFileWriter(path: path)
                    let stream = try writer.stream("data", of: Float.self, rowShape: [256, 256])
                    for start in stride(from: 0, to: rowCount, by: step) {
                        let end = min(start + step, rowCount)
                        try stream.append(Array(values[start * rowElementCount..<end * rowElementCount]))
                    }
                    #expect(stream.rowCount == rowCount)
                    try stream.finish()
                    try writer.close()
                    let reader = try TensorFileReader(path: path)
                    #expect(try reader.shape(of: "data") == Shape([rowCount, 256, 256]))
                    #expect(try reader.read("data") == values)
                    files.append(try readBytes(path))
                }
                #expect(files.dropFirst().allSatisfy { $0 == files[0] })
            }
        }

        @Test func `closing the file finishes its streams`() throws {
            try withTemporaryFolder { folder in
                let writer = try TensorFileWriter(path: "\(folder)/a.h5")
                let first = try writer.stream("patches/lr", of: Float.self, rowShape: [1, 2])
                let second = try writer.stream("patches/source", of: Int32.self, rowShape: [])
                for row in 0..<5 {
                    try first.append([Float(row), 1])
                    try second.append([Int32(row)])
                }
                try writer.close()
                let reader = try TensorFileReader(path: "\(folder)/a.h5")
                #expect(try reader.read("patches/source") == [0, 1, 2, 3, 4] as [Int32])
                #expect(try reader.read("patches/lr") == [0, 1, 1, 1, 2, 1, 3, 1, 4, 1] as [Float])
                #expect(try reader.shape(of: "patches/source") == [5])
            }
        }

        @Test func `the same content written in another second gives the same bytes`() throws {
            try withTemporaryFolder { folder in
                func write(_ path: String) throws -> [UInt8] {
                    let writer = try TensorFileWriter(path: path)
                    try writer.setAttribute("scale", 3)
                    for image in 0..<40 {
                        try writer.write(
                            "images/\(image)", [UInt8](repeating: UInt8(image), count: 100), shape: [10, 10],
                            attributes: ["name": .text("image \(image)")])
                    }
                    let stream = try writer.stream("patches", of: Float.self, rowShape: [3])
                    try stream.append([1, 2, 3])
                    try writer.writeStrings("names", ["a", "bc"])
                    try writer.close()
                    return try readBytes(path)
                }
                let first = try write("\(folder)/first.h5")
                let second = time(nil)
                while time(nil) == second { usleep(10_000) }
                #expect(try write("\(folder)/second.h5") == first)
                #expect(!first.isEmpty)
            }
        }

        @Test func `a file that exists is not overwritten`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                try writeBytes([1, 2, 3], to: path)
                let error = TensorFileError.cannotCreate(file: path, reason: "the file exists already")
                #expect(throws: error) { try TensorFileWriter(path: path) }
                #expect(try readBytes(path) == [1, 2, 3])
            }
        }

        @Test func `a file in a missing folder says so`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/missing/a.h5"
                #expect(throws: TensorFileError.cannotCreate(file: path, reason: "no such file or directory")) {
                    try TensorFileWriter(path: path)
                }
            }
        }

        @Test func `a dataset cannot be written twice, nor an attribute be put on nothing`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.write("data", [1] as [Float], shape: [1])
                #expect(throws: TensorFileError.self) { try writer.write("data", [2] as [Float], shape: [1]) }
                #expect(throws: TensorFileError.missing(file: path, object: "other")) {
                    try writer.setAttribute("scale", 3, on: "other")
                }
                try writer.close()
                #expect(try TensorFileReader(path: path).read("data") == [1] as [Float])
            }
        }
    }
}
