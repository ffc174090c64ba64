// SPDX-License-Identifier: Apache-2.0

import CHDF5
import TensorStore
import Tensors
import Testing

extension TensorStoreTests {
    @Suite struct Content {
        @Test func `the stream of a small file is what the format says, byte for byte`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let writer = try TensorFileWriter(path: path)
                try writer.setAttribute("scale", 3)
                try writer.write("b/x", [1, -2] as [Float], shape: [2, 1], attributes: ["unit": "dB", "gain": 0.5])
                try writer.writeStrings("a", ["", "é"])
                try writer.setAttribute("roles", .texts(["train", ""]), on: "b")
                try writer.setAttribute("sizes", .integers([-1]), on: "b")
                try writer.setAttribute("means", .numbers([]), on: "b")
                try writer.close()

                var expected = Array("reprise-tensors 1\n".utf8)
                expected += group("", attributeCount: 1) + text("scale") + text("integer") + number(3)
                expected += dataset("a", "text", [2], attributeCount: 0) + text("") + text("é")
                expected += group("b", attributeCount: 3)
                expected += text("means") + text("numbers") + number(0)
                expected += text("roles") + text("texts") + number(2) + text("train") + text("")
                expected += text("sizes") + text("integers") + number(1) + number(-1)
                expected += dataset("b/x", "float32", [2, 1], attributeCount: 2)
                expected += text("gain") + text("number") + [0, 0, 0, 0, 0, 0, 0xE0, 0x3F]
                expected += text("unit") + text("text") + text("dB")
                expected += [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
                #expect(try content(path) == expected)
            }
        }

        @Test func `layout, compression, byte order and format version are not in it`() throws {
            let values = (0..<6 * 5 * 4).map { Float($0) / 3 }
            try withTemporaryFolder { folder in
                let ours = "\(folder)/ours.h5"
                let writer = try TensorFileWriter(path: ours)
                try writer.write("set/data", values, shape: [6, 5, 4])
                try writer.write("set/empty", [] as [Float], shape: [0, 4])
                try writer.writeStrings("set/names", ["a", "bcd"])
                try writer.setAttribute("scale", 3)
                try writer.setAttribute("what", "patches")
                try writer.setAttribute("sizes", .integers([1, 200]))
                try writer.close()
                let expected = try content(ours)

                let streamed = "\(folder)/streamed.h5"
                let streamWriter = try TensorFileWriter(path: streamed)
                try streamWriter.setAttribute("what", "patches")
                try streamWriter.setAttribute("sizes", .integers([1, 200]))
                let stream = try streamWriter.stream("set/data", of: Float.self, rowShape: [5, 4])
                _ = try streamWriter.stream("set/empty", of: Float.self, rowShape: [4])
                try streamWriter.writeStrings("set/names", ["a", "bcd"])
                try streamWriter.setAttribute("scale", 3)
                try stream.append(values)
                try streamWriter.close()
                #expect(try content(streamed) == expected)
                #expect(try readBytes(streamed) != readBytes(ours))

                for (index, layout) in ForeignLayout.allCases.enumerated() {
                    let path = "\(folder)/\(index).h5"
                    try ForeignFile.write(path, latest: index.isMultiple(of: 2)) { file in
                        try layout.write(values, to: file)
                    }
                    #expect(try content(path) == expected, "\(layout)")
                }
            }
        }

        @Test func `each thing that matters changes it`() throws {
            try withTemporaryFolder { folder in
                var contents: Set<[UInt8]> = []
                let variants: [(TensorFileWriter) throws -> Void] = [
                    { try $0.write("a", [1, 2] as [Float], shape: [2]) },
                    { try $0.write("b", [1, 2] as [Float], shape: [2]) },
                    { try $0.write("a", [1, 3] as [Float], shape: [2]) },
                    { try $0.write("a", [2, 1] as [Float], shape: [2]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2, 1]) },
                    { try $0.write("a", [1, 2] as [Double], shape: [2]) },
                    { try $0.write("a", [1, 2] as [Int32], shape: [2]) },
                    { try $0.write("a", [0, -0.0] as [Float], shape: [2]) },
                    { try $0.write("a", [0, 0] as [Float], shape: [2]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2], attributes: ["k": 1]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2], attributes: ["k": 1.0]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2], attributes: ["k": "1"]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2], attributes: ["k": .integers([1])]) },
                    { try $0.write("a", [1, 2] as [Float], shape: [2], attributes: ["l": 1]) },
                    {
                        try $0.write("a", [1, 2] as [Float], shape: [2])
                        try $0.setAttribute("k", 1)
                    },
                    { try $0.writeStrings("a", ["x", ""]) },
                    { try $0.writeStrings("a", ["", "x"]) },
                    { try $0.writeStrings("a", ["x"]) },
                    { _ in },
                ]
                for (index, write) in variants.enumerated() {
                    let writer = try TensorFileWriter(path: "\(folder)/\(index).h5")
                    try write(writer)
                    try writer.close()
                    contents.insert(try content("\(folder)/\(index).h5"))
                }
                #expect(contents.count == variants.count)
            }
        }

        @Test func `an empty group is not in it`() throws {
            try withTemporaryFolder { folder in
                try ForeignFile.write("\(folder)/a.h5") { $0.makeGroup("nothing") }
                try ForeignFile.write("\(folder)/b.h5") { _ in }
                #expect(try content("\(folder)/a.h5") == content("\(folder)/b.h5"))
            }
        }

        @Test func `large arrays come in pieces of at most 4 MiB`() throws {
            try withTemporaryFolder { folder in
                let path = "\(folder)/a.h5"
                let values = (0..<3_000_001).map { Float($0) }
                let writer = try TensorFileWriter(path: path)
                try writer.write("data", values, shape: [3_000_001])
                try writer.close()
                var sizes: [Int] = []
                var bytes: [UInt8] = []
                try TensorFileReader(path: path).visitCanonicalContent {
                    sizes.append($0.count)
                    bytes += $0
                }
                #expect(sizes.max() == 4 << 20)
                let valueBytes = values.withUnsafeBytes { Array($0) }
                #expect(bytes.suffix(valueBytes.count) == valueBytes[...])
                #expect(bytes.count - valueBytes.count < 100)
            }
        }

        /// All shapes of up to three axes of 0 to 4, cut into blocks of 1 to 13 elements, with chunks of 1 to 3 rows or
        /// none.
        @Test func `boxes cover every shape in row-major order`() {
            var shapes: [Shape] = [[]]
            for a in 0...4 {
                shapes.append([a])
                for b in 0...4 {
                    shapes.append([a, b])
                    for c in 0...4 { shapes.append([a, b, c]) }
                }
            }
            for shape in shapes {
                for block in 1...13 {
                    for chunkRows in [nil, 1, 2, 3] {
                        let boxes = Boxes(shape, elementByteCount: 4, chunkRows: chunkRows, blockByteCount: 4 * block)
                        var covered: [Int] = []
                        for box in boxes {
                            let elements = offsets(of: box, in: shape)
                            #expect(elements.count <= max(1, 4 * block), "\(shape), \(block)")
                            covered += elements
                        }
                        #expect(covered == Array(0..<shape.count), "\(shape), \(block), \(chunkRows ?? 0)")
                    }
                }
            }
        }
    }
}

/// The offsets in row-major order of a box's elements.
private func offsets(of box: Boxes.Box, in shape: Shape) -> [Int] {
    var offsets = [0]
    for axis in 0..<shape.rank {
        offsets = offsets.flatMap { outer in
            (box.start[axis]..<box.start[axis] + box.count[axis]).map { outer * shape[axis] + $0 }
        }
    }
    return offsets
}

/// The same content as others would store it.
private enum ForeignLayout: CaseIterable {
    case contiguous, chunked, deflated, shuffledAndChecked, bigEndian, compact

    func write(_ values: [Float], to file: ForeignFile) throws {
        file.makeGroup("set")
        let float32 = reprise_h5_float32()
        try file.write(
            "set/data", values, self == .bigEndian ? reprise_h5_float32_big_endian() : float32, extents: [6, 5, 4],
            chunk: chunk, memoryType: float32, creation: setFilters)
        try file.write("set/empty", [Float](), float32, extents: [0, 4])
        let wide = ForeignFile.stringType(9, self == .compact ? H5T_STR_SPACEPAD : H5T_STR_NULLPAD)
        let padding: Character = self == .compact ? " " : "\0"
        let names = ["a", "bcd"].map { $0 + String(repeating: padding, count: 9 - $0.utf8.count) }
        try file.write("set/names", Array(names.joined().utf8), wide, extents: [2])
        try file.setAttribute("sizes", [1, 200] as [UInt8], reprise_h5_uint8(), count: 2)
        try file.setAttribute("scale", [3] as [Int32], reprise_h5_int32())
        let variable = ForeignFile.stringType(reprise_h5_variable_length())
        try "patches".withCString { try file.setAttribute("what", [$0], variable) }
    }

    private var chunk: [hsize_t]? {
        switch self {
        case .contiguous, .bigEndian, .compact: nil
        case .chunked: [4, 3, 3]
        case .deflated: [1, 5, 2]
        case .shuffledAndChecked: [6, 5, 4]
        }
    }

    private func setFilters(_ creation: hid_t) {
        switch self {
        case .contiguous, .chunked, .bigEndian: break
        case .compact: H5Pset_layout(creation, H5D_COMPACT)
        case .deflated: H5Pset_deflate(creation, 9)
        case .shuffledAndChecked:
            H5Pset_shuffle(creation)
            H5Pset_deflate(creation, 1)
            H5Pset_fletcher32(creation)
        }
    }
}

private func content(_ path: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try TensorFileReader(path: path).visitCanonicalContent { bytes += $0 }
    return bytes
}

private func number(_ value: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

private func text(_ text: String) -> [UInt8] {
    number(text.utf8.count) + Array(text.utf8)
}

private func group(_ name: String, attributeCount: Int) -> [UInt8] {
    [UInt8(ascii: "G")] + text(name) + number(attributeCount)
}

private func dataset(_ name: String, _ type: String, _ extents: [Int], attributeCount: Int) -> [UInt8] {
    [UInt8(ascii: "D")] + text(name) + text(type) + number(extents.count) + extents.flatMap(number)
        + number(attributeCount)
}
