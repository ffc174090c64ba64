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
    @Suite struct Rows {
        private static let values = (0..<1000 * 6).map { Float($0) * 0.25 - 7 }

        /// A file with 1000 rows of shape (2, 3), written piece by piece in the order of `firsts`.
        private func write(_ path: String, firsts: [Int], length: Int, threads: Int) throws {
            let file = try TensorFileWriter(path: path)
            let rows = try file.rows(
                "deep/rows", of: Float.self, count: 1000, rowShape: [2, 3], attributes: ["unit": "px"])
            let bytes = try file.rows("bytes", of: UInt8.self, count: 1000, rowShape: [1])
            try WorkerPool(threads: threads).parallelThrowing(firsts.count) { place, _ in
                let first = firsts[place]
                let part = Array(Self.values[first * 6..<(first + length) * 6])
                try part.withUnsafeBufferPointer { try rows.write($0, from: first) }
                try (first..<first + length).map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBufferPointer {
                    try bytes.write($0, from: first)
                }
            }
            try file.close()
        }

        @Test func `rows in any order and from any thread give the file of rows in order`() throws {
            try withTemporaryFolder { folder in
                var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 1 << 20), sample: 0)
                try write("\(folder)/whole.h5", firsts: [0], length: 1000, threads: 1)
                let expected = try readBytes("\(folder)/whole.h5")
                for (number, length) in [1, 8, 125, 500].enumerated() {
                    let firsts = random.permutation(1000 / length).map { $0 * length }
                    let path = "\(folder)/\(number).h5"
                    try write(path, firsts: firsts, length: length, threads: 1 + number)
                    #expect(try readBytes(path) == expected)
                }
                let reader = try TensorFileReader(path: "\(folder)/whole.h5")
                #expect(try reader.shape(of: "deep/rows") == [1000, 2, 3])
                #expect(try reader.read("deep/rows") == Self.values)
                #expect(try reader.read("bytes") == (0..<1000).map { UInt8(truncatingIfNeeded: $0) })
                #expect(try reader.attribute("unit", of: "deep/rows") == "px")
            }
        }

        @Test func `the content is that of a stream and of a whole array`() throws {
            try withTemporaryFolder { folder in
                func content(_ name: String, _ write: (TensorFileWriter) throws -> Void) throws -> [UInt8] {
                    let file = try TensorFileWriter(path: "\(folder)/\(name)")
                    try write(file)
                    try file.close()
                    var bytes: [UInt8] = []
                    try TensorFileReader(path: "\(folder)/\(name)").visitCanonicalContent { bytes += $0 }
                    return bytes
                }
                let whole = try content("a") { try $0.write("v", Self.values, shape: [1000, 2, 3]) }
                let streamed = try content("b") { try $0.stream("v", rowShape: [2, 3]).append(Self.values) }
                let placed = try content("c") { file in
                    let rows = try file.rows("v", of: Float.self, count: 1000, rowShape: [2, 3])
                    try Self.values.withUnsafeBufferPointer { try rows.write($0, from: 0) }
                }
                #expect(whole == streamed && whole == placed)
            }
        }

        @Test func `no rows make an empty array`() throws {
            try withTemporaryFolder { folder in
                let file = try TensorFileWriter(path: "\(folder)/a.h5")
                _ = try file.rows("v", of: Float.self, count: 0, rowShape: [2, 3])
                try file.close()
                let reader = try TensorFileReader(path: "\(folder)/a.h5")
                #expect(try reader.shape(of: "v") == [0, 2, 3])
                #expect(try reader.read("v", as: Float.self) == [])
            }
        }

        #if os(Linux)
            /// What the calling thread has read so far, in system calls and bytes.
            private func readSoFar() throws -> (calls: Int, bytes: Int) {
                let text = String(decoding: try readBytes("/proc/thread-self/io"), as: UTF8.self)
                func figure(_ name: String) throws -> Int {
                    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + ": ") })
                    return try #require(Int(line.dropFirst(name.count + 2)))
                }
                return (try figure("syscr"), try figure("rchar"))
            }

            @Test func `a random batch costs one read a row and no other bytes`() throws {
                try withTemporaryFolder { folder in
                    let path = "\(folder)/a.h5"
                    let (count, rowLength) = (20_000, 441)
                    let file = try TensorFileWriter(path: path)
                    let rows = try file.rows("label", of: UInt8.self, count: count, rowShape: [1, 21, 21])
                    let values = (0..<count * rowLength).map { UInt8(truncatingIfNeeded: $0 / 441 * 7 + $0 % 13) }
                    try values.withUnsafeBufferPointer { try rows.write($0, from: 0) }
                    try file.close()

                    let reader = try TensorFileReader(path: path)
                    var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 1 << 20), sample: 1)
                    _ = try reader.readRows("label", indices: [0], as: UInt8.self)
                    let before = try readSoFar()
                    let own = try readSoFar()
                    let indices = (0..<128).map { _ in random.next(below: count / 2) * 2 }
                    let batch = try reader.readRows("label", indices: indices, as: UInt8.self)
                    let after = try readSoFar()
                    // Asking how much was read is reading too.
                    let asking = (calls: own.calls - before.calls, bytes: own.bytes - before.bytes)
                    #expect(after.calls - own.calls - asking.calls <= 128)
                    #expect(after.bytes - own.bytes - asking.bytes <= 128 * rowLength + 16)
                    #expect(batch == indices.flatMap { values[$0 * rowLength..<($0 + 1) * rowLength] })
                }
            }
        #endif
    }
}
