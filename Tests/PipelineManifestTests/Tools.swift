// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// A few tools that use everything an interface can say.
enum Tools {
    static let all = [images, split, patches, train, evaluate, synthesize]

    static let images = ToolInterface(
        name: "images", version: 1, summary: "reads a folder of images",
        inputs: [.init("files", [.folder, .file], summary: "a folder of PNG or BMP files")],
        outputs: [.init("images", .images, summary: "the image set")],
        settings: [
            .init("mode", .choice(["luma", "rgb"]), .defaulted(.text("luma")), summary: "what is kept of the colours"),
            .init("scale", .integerChoice([2, 3, 4]), .optional, summary: "the factor"),
        ])

    static let split = ToolInterface(
        name: "split", version: 2, summary: "divides images between training and validation",
        inputs: [.init("images", [.images], summary: "what is divided")],
        outputs: [
            .init("train", .images, role: .train, summary: "the larger part"),
            .init("validation", .images, role: .validation, summary: "the smaller part"),
        ],
        settings: [
            .init("share", .number(0...1), .required, summary: "how much goes to training")
        ])

    static let patches = ToolInterface(
        name: "patches", version: 1, summary: "cuts patches",
        inputs: [.init("images", [.images], arity: .many, summary: "what is cut")],
        outputs: [.init("patches", .patches, summary: "the pairs")],
        settings: [
            .init("factors", .list(of: .number(0.1...1), minimum: 1), .defaulted(.list([.number(1)])), summary: "sizes")
        ])

    static let train = ToolInterface(
        name: "train", version: 1, summary: "trains a network",
        inputs: [
            .init("patches", [.patches], purpose: .learns, summary: "what is learned from"),
            .init("validation", [.images], purpose: .chooses, arity: .optional, summary: "what chooses the epoch"),
        ],
        outputs: [
            .init("model", .model, summary: "the network"), .init("log", .trainingLog, summary: "a row an epoch"),
        ],
        settings: [
            .init("epochs", .integer(1...1_000_000), .required, summary: "how often each patch is seen"),
            .init(
                "learning-rate", .number(0...Double.greatestFiniteMagnitude), .defaulted(.number(0.001)),
                summary: "the step"),
            .init("momentum", .number(.leastNonzeroMagnitude...1), .optional, summary: "of the step"),
            .init("nesterov", .boolean, .defaulted(.boolean(false)), summary: "looks ahead"),
            .init("remark", .text, .optional, summary: "kept with the model"),
            .init("seed", .integer(0...Int.max), .defaulted(.integer(0)), summary: "for random numbers"),
        ])

    static let evaluate = ToolInterface(
        name: "evaluate", version: 1, summary: "scores a network",
        inputs: [
            .init("model", [.model], arity: .optional, summary: "the network"),
            .init("images", [.images], arity: .many, summary: "what it is scored on"),
        ],
        outputs: [.init("scores", .scores, summary: "the scores")], settings: [], readsClaims: true)

    static let synthesize = ToolInterface(
        name: "synthesize", version: 1, summary: "makes images", inputs: [],
        outputs: [.init("images", .images, summary: "the images")],
        settings: [.init("count", .integer(1...10_000), .defaulted(.integer(8)), summary: "how many")])

    /// A tool whose setting is a list of items; not among `all`.
    static let build = ToolInterface(
        name: "build", version: 1, summary: "builds a network", inputs: [],
        outputs: [.init("model", .model, summary: "the network")],
        settings: [
            .init("layers", .list(of: .item(layers), minimum: 1), .required, summary: "from input to output"),
            .init("last", .item(last), .optional, summary: "what follows them"),
        ])

    static let layers = ItemType([
        .init(
            "convolution", .integer(1...4096),
            fields: [
                .init("kernel", .integer(1...64), .required, summary: "rows and columns of its weights"),
                .init("stride", .integer(1...8), .optional, summary: "pixels from one place to the next"),
                .init("bias", .boolean, .optional, summary: "whether it has biases"),
                .init("name", .text, .optional, summary: "what the model calls it"),
                .init("padding", .list(of: .integer(0...9), minimum: 1), .optional, summary: "at each edge"),
            ],
            summary: "with so many output channels"),
        .init("prelu", .choice(["per-layer", "per-channel"]), summary: "slopes that are learned"),
        .init("relu", summary: "the larger of 0 and the value"),
        .init(
            "dropout", fields: [.init("rate", .number(0...1), .optional, summary: "how many values become 0")],
            summary: "some values become 0"),
        .init(
            "scale", .number(-10...10),
            fields: [.init("stride", .integer(1...8), .optional, summary: "pixels from one place to the next")],
            summary: "times a number"),
    ])

    static let last = ItemType([.init("clamp", summary: "to 0…1"), .init("tanh", .number(0...9), summary: "times it")])
}
