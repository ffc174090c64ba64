// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage
import TensorStore
import Tensors
import Testing
import Training

/// Holds what each tool makes of a fixture, by version.
///
/// A key holds a tool's version and trusts that the same version gives the same content, on every machine. So whoever
/// changes what a tool writes raises its version and adds the new digests here; whoever gets other digests without
/// having meant to has broken a promise.
@Suite struct ContentGuardTests {
    static let pinned: [String: [Int: [String: String]]] = [
        "images": [
            1: [
                "images": "8260a18d29b1a0450793761b3937f04cd8af0045ce4ca0cbb31b57db8df3a511"
            ]
        ],
        "synthesize": [
            1: [
                "images": "1e235c38dd9b02958894c7808b657ddb8662e31e2e3e69c99581fceab09c5635"
            ]
        ],
        "split": [
            1: [
                "train": "732d3bb29853a756fdd0bdc613cf6af7a09a10bd7d878bf1cf7cca39eb9c7d4e",
                "validation": "8f695fe0870e3a2cba24c78e532bcde24c944ad6c36ccfbe2091a5dbfe7df90a",
                "test": "c3f6133da9b77ace602884700b1d03028934485b7930a83a29d39aff4a7cd108",
            ]
        ],
        "augment": [
            1: [
                "images": "d315bf0b8ec209b6d70d94ef454a0416e65d161c132d44abeb7352f63ad27cff"
            ]
        ],
        "resize": [
            1: [
                "images": "764df3a60be44463a0a682d18371cccb9871ac86b0168be6f1ceba54677186fe"
            ]
        ],
        "jitter": [
            1: [
                "images": "9655c98f81f5451d83acbe908369b6ad97156d6a63a1ef3dc874267f32429a8f"
            ]
        ],
        "patches": [
            1: [
                "patches": "195ac274e0bdcf09a594d982a73594d7dcdcee48e288912bea61d6ef14e32179"
            ],
            2: [
                "patches": "3d320b9b7dde61253b1a9473ee0d2b034b0dc703f549b03956fd9565d4c1a2e4"
            ],
        ],
        "train": [
            1: [
                "model": "a5414759964029bdbea7697a326e81c2b16d09d83ea28309932bc2e05b44ec48",
                "log": "45fcbee50cb22e7fc93a09dcc8c7e79539a1fa251a4e83ab39aa7b3ce438f020",
            ]
        ],
        "evaluate": [
            1: [
                "scores": "0be5e52167c1860c6153085e0d6cb9ee32cfdd671035ac4cbaf40e0b16df480c",
                "table": "c7aa92c0f4f9bc3d75e27581655fd4654cd9b245af8cde4d6e22b3bbe370359c",
                "predictions": "1b539d1e880a9c36714c3578d7c7b18a4ef0f13c1eed57df45d9151c23f85544",
                "picture": "a6eee4737368c31e8d093f7c51a7d9a3fdafbb4b48139f79b02719da7f1769e9",
            ]
        ],
        "import-weights": [
            1: [
                "model": "3866b4476bfed64ad2fd7d79332a75da7b74b1acab74827082279a177100abdc"
            ]
        ],
        "export-weights": [
            1: [
                "weights": "6cabd1f2693b7ffc1ced2529b9ec3d3f208ab8875ba439ff7f6e75b8fccbbcb8",
                "network": "d30173b8b6b1cd0ab3917e99471264d15e83b5b213eac4638ec1b467bc934d58",
            ]
        ],
        "compare": [
            1: [
                "deviations": "7d0a9796ca394c9cdc19a0e1b1aa019b280f2a26f70a160afb2782942faeee8a"
            ]
        ],
    ]

    /// One tool's fixture: inputs and settings made without any other tool, so that a change shows where it is.
    private struct Fixture {
        var inputs: [String: [ToolInput]] = [:]
        var settings: [String: JSONValue] = [:]
        var claims: [JSONValue] = []
    }

    private func fixture(of tool: String, in workshop: Workshop) throws -> Fixture {
        let images = [
            StoredImage("one", pattern(52, 61)), StoredImage("two", pattern(48, 45, .grey8, seed: 2)),
            StoredImage("three", pattern(45, 66, seed: 3)),
        ]
        switch tool {
        case "images":
            let files = try [
                "b.png": images[0].image.png(), "a.bmp": bmp(images[2].image), "c/d.png": images[1].image.png(),
            ]
            return Fixture(inputs: ["files": [try workshop.files(files)]])
        case "synthesize":
            return Fixture(settings: ["count": 2, "height": 40, "width": 52, "seed": 5])
        case "split":
            let many = (0..<10).map { StoredImage("i\($0)", pattern(8, 9, seed: $0 + 1)) }
            return Fixture(
                inputs: ["images": [try workshop.imageSet(many)]],
                settings: ["validation": 0.2, "test": 0.3, "seed": 1])
        case "augment":
            return Fixture(inputs: ["images": [try workshop.imageSet(images)]], settings: ["flips": true])
        case "resize":
            return Fixture(
                inputs: ["images": [try workshop.imageSet(images)]],
                settings: ["scale": "2/3", "kernel": "pillow-bicubic", "extents": "floor"])
        case "jitter":
            return Fixture(
                inputs: ["images": [try workshop.imageSet(images)]],
                settings: [
                    "crop": 40, "passes": 3, "flip": 0.5, "colour": 0.8, "brightness": 0.1, "contrast": 0.1,
                    "saturation": 0.1, "hue": 0.1, "seed": 4,
                ])
        case "patches":
            return Fixture(inputs: ["images": [try workshop.imageSet(images)]], settings: ["scale": 3])
        case "train":
            return Fixture(
                inputs: ["patches": [try patches(in: workshop)], "validation": [try workshop.imageSet(images)]],
                settings: [
                    "architecture": "fsrcnn-s", "steps": 20, "batch": 24, "validation-interval": 5, "keep": "best",
                    "schedule": "cosine", "learning-rate": 0.002, "seed": 2,
                ])
        case "evaluate":
            return Fixture(
                inputs: ["images": [try workshop.imageSet(images)], "model": [try model(in: workshop)]],
                settings: [
                    "dataset": "Three", "scale": 3, "protocols": ["rgb8", "y-double", "y-double-clamp"],
                    "picture-crop": 32,
                ])
        case "import-weights":
            return Fixture(
                inputs: ["weights": [try weights(in: workshop)]],
                settings: [
                    "name": "net", "scale": 3, "layers": ["first", "act", "last"], "deconvolution-padding": 2,
                    "label-convention": "authors",
                ])
        case "export-weights":
            return Fixture(inputs: ["model": [try model(in: workshop)]])
        case "compare":
            return Fixture(
                inputs: ["scores": [try CompareToolTests.scores(in: workshop)]], claims: CompareToolTests.claims)
        default:
            Issue.record("there is no fixture for the tool '\(tool)'")
            return Fixture()
        }
    }

    /// 40 pairs that a smooth rule makes, exact in single precision.
    private func patches(in workshop: Workshop) throws -> ToolInput {
        let path = try workshop.newPath("patches.h5")
        let file = try TensorFileWriter(path: path.string)
        for (name, value) in [
            ("format", "patches"), ("scale", 3), ("label-convention", "authors"), ("training-padding", "valid-first"),
            ("input-size", 11), ("label-size", 19), ("label-start", 7), ("output-shift", 1),
        ] as [(String, AttributeValue)] { try file.setAttribute(name, value) }
        func values(_ size: Int, step: Int) -> [Float] {
            (0..<40 * size * size).map { place in
                let (patch, row, column) = (place / (size * size), place / size % size, place % size)
                return Float((patch * 37 + row * step * (1 + patch % 3) + column * step * (1 + patch % 2)) % 256) / 256
            }
        }
        try file.write("input", Tensor(shape: [40, 1, 11, 11], values: values(11, step: 3)))
        try file.write("label", Tensor(shape: [40, 1, 19, 19], values: values(19, step: 1)))
        try file.close()
        return workshop.input(path, .patches)
    }

    private func model(in workshop: Workshop) throws -> ToolInput {
        let path = try workshop.newPath("model.h5")
        let description = NetworkDescription.fsrcnn(d: 5, s: 3, m: 1, scale: 3, slopes: .perChannel)
        let parameters = description.parameters.map { parameter in
            Parameter(
                name: parameter.name,
                tensor: Tensor(
                    shape: parameter.shape,
                    values: (0..<parameter.shape.count).map { Float(($0 * 29 + 7) % 64 - 24) / 256 }))
        }
        try HandMade.model(try Network(description: description, parameters: parameters)).write(to: path)
        return workshop.input(path, .model)
    }

    /// A safetensors file of half floats, of a convolution, a PReLU and a deconvolution.
    private func weights(in workshop: Workshop) throws -> ToolInput {
        let shapes: KeyValuePairs = [
            "act.weight": [2], "first.bias": [2], "first.weight": [2, 1, 3, 3], "last.weight": [2, 1, 5, 5],
        ]
        var (entries, values): ([String], [UInt8]) = ([], [])
        for (name, extents) in shapes {
            let (begin, count) = (values.count, extents.reduce(1, *))
            let offsets = [begin, begin + 2 * count]
            entries.append(#""\#(name)":{"dtype":"F16","shape":\#(extents),"data_offsets":\#(offsets)}"#)
            // From 0.5 to 1, with either sign.
            for index in 0..<count { values += [UInt8(index * 29 % 256), index.isMultiple(of: 2) ? 0x38 : 0xb8] }
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = [UInt8(header.count % 256), UInt8(header.count / 256), 0, 0, 0, 0, 0, 0]
        return try workshop.files(["a": length + header + values])
    }

    @Test func `every tool is guarded in its present version`() {
        let tools = Toolbox.standard.interfaces
        #expect(Set(tools.map(\.name)) == Set(Self.pinned.keys))
        for tool in tools {
            #expect(
                Self.pinned[tool.name]?[tool.version]?.keys.sorted() == tool.outputs.map(\.name).sorted(),
                "version \(tool.version) of '\(tool.name)' is not guarded: add the digests of its outputs")
        }
    }

    @Test(arguments: pinned.keys.sorted())
    func `a tool's output does not change without its version, on any threads and at any SIMD level`(
        tool: String
    ) throws {
        let workshop = try Workshop()
        let fixture = try fixture(of: tool, in: workshop)
        let standard = try #require(Toolbox.standard.tool(named: tool))
        let version = standard.interface.version
        let pinned = try #require(Self.pinned[tool]?[version])
        var ways: [(String, Int, any Tool)] = [("1 thread", 1, standard), ("2 threads", 2, standard)]
        for level in SIMDLevel.available {
            if tool == "train" { ways.append(("level \(level)", 2, TrainTool(level: level))) }
            if tool == "evaluate" { ways.append(("level \(level)", 2, EvaluateTool(level: level))) }
        }
        for (way, threads, variant) in ways {
            let outputs = try workshop.run(
                tool, fixture.inputs, fixture.settings, claims: fixture.claims, threads: threads, using: variant)
            for (output, content) in try outputs.contents().sorted(by: { $0.key < $1.key }) {
                #expect(
                    content == pinned[output],
                    """
                    the output '\(output)' of '\(tool)' changed (\(way)): where that is meant, raise the tool's version \
                    from \(version) and add version \(version + 1) here with \(content)
                    """)
            }
        }
    }
}
