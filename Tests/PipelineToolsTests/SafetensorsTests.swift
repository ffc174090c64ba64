// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelineTools
import Tensors
import Testing
import Training

@Suite struct SafetensorsTests {
    /// A file with this header, which is not looked at, and zeros after it.
    private func file(_ header: String, values: Int = 0) -> [UInt8] {
        little(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: values)
    }

    private func little<Bits: FixedWidthInteger>(_ bits: Bits) -> [UInt8] {
        (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    private func fault(_ bytes: [UInt8]) -> String? {
        do {
            _ = try Safetensors(parsing: bytes)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `two tensors are written to these bytes`() {
        let bytes = Safetensors.bytes(
            of: [
                Parameter(name: "b", tensor: Tensor(shape: [2, 1], values: [1, -2])),
                Parameter(name: "a", tensor: Tensor(shape: [], values: [0.5])),
            ], metadata: ["z": "\"", "k": "é"])
        let header =
            #"{"__metadata__":{"k":"é","z":"\""},"#
            + #""a":{"data_offsets":[0,4],"dtype":"F32","shape":[]},"#
            + #""b":{"data_offsets":[4,12],"dtype":"F32","shape":[2,1]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        #expect(bytes == file(padded) + [0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
        #expect((8 + padded.utf8.count) % 8 == 0)
    }

    @Test(arguments: 0..<40)
    func `what was written is read as it was`(seed: Int) throws {
        var random = CounterRandom(seed: UInt64(seed), purpose: RandomPurpose(rawValue: 3001), sample: 0)
        let letters: [Character] = ["a", "B", "\"", "\\", "é", "\n", "\u{7f}", ".", "🙂", "_"]
        var parameters: [String: Parameter] = [:]
        for number in 0..<random.next(below: 6) {
            let name = String((0..<random.next(below: 5)).map { _ in letters[random.next(below: 10)] }) + "\(number)"
            let shape = Shape((0..<random.next(below: 5)).map { _ in random.next(below: 4) })
            let values = (0..<shape.count).map { _ in Float(bitPattern: random.nextUInt32() & 0xff7f_ffff) }
            parameters[name] = Parameter(name: name, tensor: Tensor(shape: shape, values: values))
        }
        let metadata = seed % 2 == 0 ? [:] : ["a\nb": "c", "": String(repeating: "x", count: seed)]
        let bytes = Safetensors.bytes(of: parameters.values.shuffled(), metadata: metadata)
        #expect(bytes == Safetensors.bytes(of: parameters.values.shuffled(), metadata: metadata))
        let read = try Safetensors(parsing: bytes)
        #expect(read.metadata == metadata)
        #expect(
            read.entries.map(\.name)
                == parameters.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for entry in read.entries {
            #expect(entry.elementType == .float32)
            #expect(try read.tensor(entry) == parameters[entry.name]?.tensor)
        }
    }

    @Test func `a file that ends too early is refused, wherever it ends, and so is one that goes on`() {
        let bytes = Safetensors.bytes(of: [
            Parameter(name: "a", tensor: Tensor(shape: [3])), Parameter(name: "b", tensor: Tensor(shape: [0])),
        ])
        #expect(fault(bytes) == nil)
        for count in 0..<bytes.count { #expect(fault(Array(bytes.prefix(count))) != nil, "\(count) bytes") }
        #expect(fault(bytes + [0]) == "its tensors have 12 bytes of values, and the file has 13")
    }

    @Test(
        arguments: [
            ("", "its header does not begin with '{'"),
            (" {}", "its header does not begin with '{'"),
            ("{", "its header is not valid JSON at byte 1: a member's name was expected"),
            ("{}{}", "its header is not valid JSON at byte 2: text after the value"),
            (#"{"a":1,"a":1}"#, "its header is not valid JSON at byte 12: the member 'a' stands twice"),
            (#"{"a":1}"#, "the tensor 'a' is not described by 'dtype', 'shape' and 'data_offsets'"),
            (#"{"__metadata__":[]}"#, "its '__metadata__' is no object of texts"),
            (#"{"__metadata__":{"a":1}}"#, "its metadata 'a' is no text"),
            (
                #"{"a":{"dtype":"F32","shape":[1]}}"#,
                "the tensor 'a' is not described by 'dtype', 'shape' and 'data_offsets'"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":0}}"#,
                "the tensor 'a' is not described by 'dtype', 'shape' and 'data_offsets'"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
                "the tensor 'a' is not described by 'dtype', 'shape' and 'data_offsets'"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}}"#,
                "the tensor 'a' is not described by 'dtype', 'shape' and 'data_offsets'"
            ),
            (
                #"{"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}}"#,
                "the tensor 'a' has elements of the unknown type 'F8'"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
                "the tensor 'a' has the offsets [4, 0], which are no begin and end"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
                "the tensor 'a' has the offsets [0], which are no begin and end"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
                "the tensor 'a' has 4 bytes, which are not F32 of the shape [2]"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#,
                "the tensor 'a' has 0 bytes, which are not F32 of the shape [4611686018427387904, 4, 0]"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,9223372036854775804]}}"#,
                "the tensor 'a' has 9223372036854775804 bytes, which are not F32 of the shape [9223372036854775807]"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#,
                "its tensors have 8 bytes of values, and the file has 4"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#,
                "its tensors have 9223372036854775807 bytes of values, and the file has 4"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
                "the values of 'b' begin at byte 2 of the values, and those before end at 3"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
                "the values of 'b' begin at byte 2 of the values, and those before end at 1"
            ),
            (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, nil),
            (#"{"a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}     "#, nil),
        ] as [(String, String?)])
    func `a header that does not describe the file is refused with what is wrong`(header: String, reason: String?) {
        #expect(fault(file(header, values: 4)) == reason)
    }

    @Test func `a header of any claimed length takes no memory that the file does not have`() {
        #expect(
            fault(little(UInt64.max)) == "its header has 18446744073709551615 bytes, and the file ends after 0 of them")
        #expect(
            fault(little(UInt64(3)) + [0, 0]) == "its header has 3 bytes, and the file ends after 2 of them")
        #expect(fault([]) == "it ends before the length of its header does")
        let long = "{}" + String(repeating: " ", count: 4 << 20)
        #expect(fault(file(long)) == "its header has 4194306 bytes, more than 4194304")
        let deep = String(repeating: #"{"a":"#, count: 100_000)
        #expect(fault(file(deep)) == "its header is not valid JSON at byte 640: nested too deeply")
    }

    private func values(_ type: String, _ bytes: [UInt8], count: Int) throws -> [Float] {
        let header = #"{"a":{"dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]}}"#
        let read = try Safetensors(parsing: file(header) + bytes)
        return try read.tensor(read.entries[0]).values
    }

    @Test func `every half is read as the float of its value`() throws {
        let bits = (UInt16.min...UInt16.max)
        let read = try values("F16", bits.flatMap(little), count: bits.count)
        for (bits, value) in zip(bits, read) {
            let wanted = Float(Float16(bitPattern: bits))
            #expect(value == wanted && value.sign == wanted.sign || value.isNaN && wanted.isNaN, "\(bits)")
        }
    }

    @Test func `a bfloat16 is the upper half of a float`() throws {
        let read = try values("BF16", [0x3f80, 0xc049, 0x0001, 0x8000].flatMap { little(UInt16($0)) }, count: 4)
        #expect(read.map(\.bitPattern) == [0x3f80_0000, 0xc049_0000, 0x0001_0000, 0x8000_0000])
    }

    @Test func `a double is read where it is exactly a float, and refused with its place where it is not`() throws {
        let exact: [Double] = [0, -0.5, 1e30.rounded(.down), 0x1p-149, Double(Float.greatestFiniteMagnitude)].map {
            Double(Float($0))
        }
        #expect(
            try values("F64", exact.flatMap { little($0.bitPattern) }, count: exact.count) == exact.map { Float($0) })
        #expect {
            try values("F64", [0.5, 0.1].flatMap { little($0.bitPattern) }, count: 2)
        } throws: {
            "\($0)" == "element 1 of the tensor 'a' is 0.1, which is not exactly a float32"
        }
    }

    @Test func `integers are no weights`() throws {
        #expect {
            try values("I64", little(UInt64(1)), count: 1)
        } throws: {
            "\($0)" == "the tensor 'a' has elements of type I64, which are no weights"
        }
    }

    @Test func `a safetensors file is shown with its metadata and tensors`() throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("a.safetensors")
        let parameters = [
            Parameter(name: "b.weight", tensor: Tensor(shape: [2, 1, 3, 3])),
            Parameter(name: "a.bias", tensor: Tensor(shape: [2])),
        ]
        try Files.write(Safetensors.bytes(of: parameters, metadata: ["z": "1", "k": "one\ntwo"]), toNew: path)
        #expect(
            try ArtifactText.text(ofFileAt: path, format: .safetensors)
                == "k = one; two\nz = 1\na.bias  F32 2\nb.weight  F32 2x1x3x3\n")
    }

    @Test(arguments: [LabelConvention.authors, .scaled], [SlopeSharing.perLayer, .perChannel])
    func `a model that travels as safetensors comes back as it was`(
        convention: LabelConvention, slopes: SlopeSharing
    ) throws {
        let workshop = try Workshop()
        let description = NetworkDescription.fsrcnn(
            d: 3, s: 2, m: 1, scale: 3, labelConvention: convention, slopes: slopes)
        let model = Model(
            name: "a \"model\"", network: try HandMade.stirred(description), outputShift: -1,
            labelConvention: convention, padding: .valid, isShortened: true)
        let path = try workshop.newPath("model.h5")
        try model.write(to: path)
        let exported = try workshop.run("export-weights", ["model": [workshop.input(path, .model)]])
        let imported = try workshop.run("import-weights", ["weights": [exported.input("weights")]])
        #expect(try Model(readingFrom: imported.path("model")) == model)
    }
}
