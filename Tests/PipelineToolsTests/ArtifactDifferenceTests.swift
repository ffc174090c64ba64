// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing

struct ArtifactDifferenceTests {
    private func with(_ body: (FilePath) throws -> Void) throws {
        let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let folder = FilePath("/tmp").appending(name)
        try Files.makeFolder(folder)
        defer { try? Files.removeTree(folder) }
        try body(folder)
    }

    private func file(_ name: String, _ bytes: [UInt8], in folder: FilePath) throws -> FilePath {
        let path = folder.appending(name)
        try Files.replace(path, with: bytes)
        return path
    }

    private func text(_ left: String, _ right: String) throws -> String {
        var text = ""
        try with { folder in
            text = try ArtifactDifference(
                file("a", Array(left.utf8), in: folder), file("b", Array(right.utf8), in: folder)
            ).text()
        }
        return text
    }

    private func tensors(_ name: String, in folder: FilePath, _ write: (TensorFileWriter) throws -> Void) throws
        -> FilePath
    {
        let path = folder.appending(name)
        let writer = try TensorFileWriter(path: path.string)
        try write(writer)
        try writer.close()
        return path
    }

    @Test func `JSON is compared member by member`() throws {
        #expect(try text(#"{"a": 1}"#, #"{"a":1}"#) == "")
        #expect(
            try text(#"{"a":1,"b":[1.5,2],"c":"x","gone":0}"#, #"{"a":2,"b":[1.25,2,3],"c":{},"new":0}"#) == """
                  '$.a': 1 -> 2
                  largest difference 0.2500 in '$.b[0]': 1.5 -> 1.25, 1125899906842624 ulp
                  '$.b[2]' is in the second only
                  '$.c': "x" -> {}
                  '$.gone' is in the first only
                  '$.new' is in the second only

                """)
    }

    @Test func `names and texts are compared by their bytes`() throws {
        let (one, two) = ("\u{E9}", "e\u{301}")
        #expect(
            try text("{\"\(one)\":1}", "{\"\(two)\":1}")
                == "  '$.\(two)' is in the second only\n  '$.\(one)' is in the first only\n")
        #expect(try text("[\"\(one)\"]", "[\"\(two)\"]") == "  '$[0]': \"\(one)\" -> \"\(two)\"\n")
        try with { folder in
            func written(_ name: String, value: Float) throws -> FilePath {
                try tensors(name, in: folder) { writer in
                    try writer.write(one, [Float(1)], shape: [1], attributes: ["a": .text(value == 1 ? one : two)])
                    try writer.write(two, [value], shape: [1])
                }
            }
            let findings = try ArtifactDifference(written("a", value: 1), written("b", value: 2)).findings
            #expect(findings.count == 2)
            #expect(findings.first == .values("/\(two)", try #require(values(in: findings))))
            #expect(findings.last == .other("/\(one):a", left: "'\(one)'", right: "'\(two)'"))
        }
    }

    private func values(in findings: [ArtifactDifference.Finding]) -> ValueDifference? {
        for case .values(_, let difference) in findings { return difference }
        return nil
    }

    @Test func `other files are compared by their bytes`() throws {
        #expect(try text("same", "same") == "")
        #expect(try text("abc", "abd") == "  first different byte at 2, of 3\n")
        #expect(try text("abc", "ab") == "  first different byte at 2; 3 bytes -> 2 bytes\n")
        #expect(try text("", "x") == "  first different byte at 0; 0 bytes -> 1 bytes\n")
        #expect(try text("{", "{}") == "  first different byte at 1; 1 bytes -> 2 bytes\n")
        let long = String(repeating: "x", count: (1 << 20) + 7)
        #expect(try text(long + "a", long + "b") == "  first different byte at 1048583, of 1048584\n")
    }

    @Test func `tensors are compared value by value, with ulp, norm and place`() throws {
        try with { folder in
            let values: [Float] = [0, 1, -2, 3, 0.5, 7]
            var other = values
            other[4] = Float(0.5).nextUp.nextUp.nextUp
            other[2] = Float(-2).nextDown
            let left = try tensors("a.h5", in: folder) { try $0.write("w", values, shape: [2, 3]) }
            let right = try tensors("b.h5", in: folder) { try $0.write("w", other, shape: [2, 3]) }
            let difference = try ArtifactDifference(left, right)
            #expect(difference.kind == .tensors)
            guard case .values("/w", let found)? = difference.findings.first else {
                Issue.record("no values in \(difference)")
                return
            }
            #expect(found.count == 6 && found.differingCount == 2 && found.largestULP == 3)
            #expect(found.largest?.index == [0, 2])
            #expect(found.largest?.difference == Double(Float(2).ulp))
            let squares = values.reduce(0) { $0 + Double($1 * $1) }
            let gaps = [Double(Float(2).ulp), 3 * Double(Float(0.5).ulp)]
            #expect(found.relativeL2 == (gaps.reduce(0) { $0 + $1 * $1 } / squares).squareRoot())
            #expect(found.psnr == nil)
            #expect(try ArtifactDifference(left, left).isIdentical)
        }
    }

    @Test func `zeros, infinities and NaN are told for what they are`() throws {
        try with { folder in
            let left = try tensors("a.h5", in: folder) {
                try $0.write("w", [0, Double.infinity, Double.nan, 1], shape: [4])
            }
            let right = try tensors("b.h5", in: folder) {
                try $0.write("w", [-0.0, Double.infinity, Double.nan, Double.nan], shape: [4])
            }
            let difference = try ArtifactDifference(left, right)
            #expect(
                difference.text()
                    == "  largest difference 0 in '/w' at [0]: 0 -> 0, 0 ulp, 2 of 4 values differ, relative L2 0, "
                    + "1 NaN on one side\n")
        }
    }

    @Test func `types, shapes and names that differ are told`() throws {
        try with { folder in
            let left = try tensors("a.h5", in: folder) {
                try $0.write("one", [Float](repeating: 0, count: 6), shape: [2, 3])
                try $0.write("only", [Int32(1)], shape: [1])
                try $0.write("type", [Int32(1)], shape: [1])
            }
            let right = try tensors("b.h5", in: folder) {
                try $0.write("new", [Int32(1)], shape: [1])
                try $0.write("one", [Float](repeating: 0, count: 6), shape: [3, 2])
                try $0.write("type", [Int64(1)], shape: [1])
            }
            #expect(
                try ArtifactDifference(left, right).text() == """
                      '/new' is in the second only
                      '/one': float32 2x3 -> float32 3x2
                      '/only' is in the first only
                      '/type': int32 1 -> int64 1

                    """)
        }
    }

    @Test func `pictures are compared by pixel, with PSNR, whatever their compression`() throws {
        try with { folder in
            var pixels = [UInt8](repeating: 100, count: 16)
            let left = try file(
                "a.png", Raster(Image(height: 4, width: 4, mode: .grey8, pixels: pixels)).png(), in: folder)
            pixels[6] = 110
            let right = try file(
                "b.png", Raster(Image(height: 4, width: 4, mode: .grey8, pixels: pixels)).png(), in: folder)
            let difference = try ArtifactDifference(left, right)
            // 10 log10(255^2 / (100 / 16))
            #expect(
                difference.text()
                    == "  largest difference 10 in 'pixels' at [1, 2, 0]: 100 -> 110, 1 of 16 values differ, "
                    + "relative L2 0.02500, PSNR 40.17 dB\n")
            #expect(difference.summary == String(difference.text().dropFirst(2).dropLast()))
            let wide = try file(
                "c.png", Raster(Image(height: 2, width: 8, mode: .grey8, pixels: pixels)).png(), in: folder)
            #expect(
                try ArtifactDifference(left, wide).text() == "  'picture': 4x4, grey, 8 bits -> 8x2, grey, 8 bits\n")
        }
    }
}
