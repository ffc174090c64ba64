// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import Foundation
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import Synchronization
import SystemPackage
import TensorStore
import Tensors
import Testing
import Training

@Suite struct TrainToolTests {
    private let workshop: Workshop
    private let patches: ToolInput
    private let validation: ToolInput

    /// A network of a few hundred weights that trains in no time.
    private static let tiny: [String: JSONValue] = [
        "d": 4, "s": 2, "m": 1, "steps": 12, "batch": 5, "validation-interval": 4, "schedule": "cosine", "seed": 1,
    ]

    init() throws {
        workshop = try Workshop()
        let images = try workshop.imageSet([
            StoredImage("a", pattern(45, 51)), StoredImage("b", pattern(48, 40, seed: 3)),
        ])
        patches = try workshop.run("patches", ["images": [images]], ["scale": 3, "stride": 2]).input("patches")
        validation = try workshop.imageSet([
            StoredImage("v", pattern(36, 42, seed: 5)), StoredImage("w", pattern(30, 33, .grey8, seed: 7)),
        ])
    }

    private func train(
        _ settings: [String: JSONValue] = [:], validating: Bool = true, using tool: TrainTool? = nil,
        checkpoints: FilePath? = nil, threads: Int = 1, patches: ToolInput? = nil, validation: ToolInput? = nil,
        progress: @escaping @Sendable (StageProgress) -> Void = { _ in },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Outputs {
        var inputs = ["patches": [patches ?? self.patches]]
        if validating { inputs["validation"] = [validation ?? self.validation] }
        return try workshop.run(
            "train", inputs, Self.tiny.merging(settings) { $1 }, threads: threads, using: tool,
            checkpoints: checkpoints, progress: progress, note: note)
    }

    private func model(_ outputs: Outputs) throws -> Model { try Model(readingFrom: outputs.path("model")) }

    private func column(_ name: String, _ outputs: Outputs) throws -> [Double] {
        try outputs.tensors("log").read(name)
    }

    // MARK: What comes out

    @Test func `a training is what the trainer makes of the same patches, step by step`() throws {
        let outputs = try train(["learning-rate": 0.002, "deconvolution-learning-rate": 0.0005])
        let file = try TensorFileReader(path: patches.path.string)
        let labels = try file.read("label", as: UInt8.self).map { Float(Double($0) / 255) }
        let source = MemoryPatchSource(
            inputs: try file.readTensor("input"), labels: Tensor(shape: try file.shape(of: "label"), values: labels))
        let network = Network(description: .fsrcnn(d: 4, s: 2, m: 1, scale: 3), seed: 1)
        let trainer = Trainer(
            network: network,
            configuration: TrainingConfiguration(
                learningRate: 0.002, deconvolutionLearningRate: 0.0005, schedule: .cosine(totalSteps: 12),
                batchSize: 5, steps: 12, seed: 1),
            pool: WorkerPool(threads: 1), level: .baseline)
        var (losses, rates): ([Double], [Double]) = ([], [])
        while !trainer.isFinished {
            rates.append(trainer.learningRate)
            losses.append(try trainer.step(source))
        }
        #expect(try model(outputs).network == trainer.network)
        #expect(try model(outputs).network != network)
        #expect(try outputs.tensors("log").read("step", as: Int64.self) == [4, 8, 12])
        let means = (0..<3).map { row in (0..<4).reduce(0.0) { $0 + losses[4 * row + $1] } / 4 }
        #expect(try column("loss", outputs) == means)
        #expect(try column("learning-rate", outputs) == [rates[3], rates[7], rates[11]])
    }

    @Test func `the log follows the validation images under y-double`() throws {
        let outputs = try train()
        let logged = try column("validation-psnr", outputs)
        #expect(logged.count == 3)
        let path = try outputs.path("model")
        let scored = try workshop.run(
            "evaluate", ["images": [validation], "model": [workshop.input(path, .model)]],
            ["dataset": "V", "scale": 3, "metrics": ["psnr"], "baselines": []])
        let scores = try #require(ScoreDocument(json: JSONValue(parsing: Files.bytes(of: scored.path("scores")))))
            .scores
        #expect(scores.last?.image == nil && scores.last?.value == logged.last)
        #expect(try train(validating: false).tensors("log").datasetNames == ["learning-rate", "loss", "step"])
    }

    @Test func `the model does not depend on validation, threads or SIMD level`() throws {
        let contents = try train().contents()
        #expect(try train(validating: false).contents()["model"] == contents["model"])
        #expect(try train(threads: 3).contents() == contents)
        for level in SIMDLevel.available {
            #expect(try train(using: TrainTool(level: level), threads: 2).contents() == contents, "\(level)")
        }
    }

    @Test func `each setting that decides the network changes it`() throws {
        var contents = [try train(validating: false).contents()["model"]]
        for change in [
            ["seed": 2], ["steps": 13], ["batch": 6], ["learning-rate": 0.002],
            ["deconvolution-learning-rate": 0.002], ["schedule": "constant"], ["optimizer": "sgd"],
            ["optimizer": "sgd", "momentum": 0.5], ["slopes": "per-channel"], ["d": 5], ["s": 3], ["m": 0],
            ["name": "other"], ["inference-padding": "zero"], ["shortened": true],
        ] as [[String: JSONValue]] {
            contents.append(try train(change, validating: false).contents()["model"])
        }
        #expect(Set(contents).count == 16)
    }

    @Test func `the model says what it is`() throws {
        let plain = try model(train(["inference-padding": "zero"], validating: false))
        #expect(plain.name == "FSRCNN(4,2,1)" && plain.scale == 3 && plain.outputShift == 1)
        #expect(plain.labelConvention == .authors && plain.padding == .zero && !plain.isShortened)
        #expect(try model(train(["name": "mine", "shortened": true], validating: false)).name == "mine")
        #expect(try model(train(["shortened": true], validating: false)).isShortened)
    }

    @Test func `only the paper's networks have the paper's names`() throws {
        func name(_ architecture: String, _ sizes: [String: JSONValue]) throws -> String {
            let settings: [String: JSONValue] = ["architecture": .text(architecture), "steps": 1, "batch": 1]
            let outputs = try workshop.run("train", ["patches": [patches]], settings.merging(sizes) { $1 })
            return try model(outputs).name
        }
        #expect(try name("fsrcnn", [:]) == "FSRCNN")
        #expect(try name("fsrcnn", ["d": 56, "s": 12, "m": 4]) == "FSRCNN")
        #expect(try name("fsrcnn", ["d": 48]) == "FSRCNN(48,12,4)")
        #expect(try name("fsrcnn", ["d": 32, "s": 5, "m": 1]) == "FSRCNN-s")
        #expect(try name("fsrcnn-s", [:]) == "FSRCNN-s")
        #expect(
            try failure { _ = try name("fsrcnn-s", ["m": 4]) }
                == ToolFailure(
                    "'fsrcnn-s' is FSRCNN(32, 5, 1) and takes no 'm'", at: .setting("m"),
                    hint: "use 'architecture: fsrcnn'"))
    }

    @Test func `the best network is the one of the row with the highest validation PSNR`() throws {
        // Momentum of 1 swings to and fro, so that the last row is not the best.
        let settings: [String: JSONValue] = [
            "optimizer": "sgd", "momentum": 1, "learning-rate": 0.02, "schedule": "constant", "steps": 40,
        ]
        let best = try train(settings.merging(["keep": "best"]) { $1 })
        let last = try train(settings)
        let psnr = try column("validation-psnr", best)
        let row = try #require(psnr.indices.max { psnr[$0] < psnr[$1] })
        #expect(row < psnr.count - 1, "the training must not end at its best: \(psnr)")
        #expect(try column("validation-psnr", last) == psnr)
        #expect(try model(best) != model(last))
        let upToBest = try train(settings.merging(["steps": .integer(4 * (row + 1))]) { $1 })
        #expect(try model(best) == model(upToBest))
    }

    // MARK: Going on

    /// Copies of the checkpoint folder after each step, as a kill would leave it.
    private final class Copies: Sendable {
        private let paths = Mutex<[Int: FilePath]>([:])
        private let original, folder: FilePath

        init(of original: FilePath, in folder: FilePath) {
            (self.original, self.folder) = (original, folder)
        }

        func take(_ progress: StageProgress) {
            let copy = folder.appending("copy-\(progress.done)")
            guard FileManager.default.fileExists(atPath: original.string),
                (try? FileManager.default.copyItem(atPath: original.string, toPath: copy.string)) != nil
            else { return }
            paths.withLock { $0[progress.done] = copy }
        }

        var all: [Int: FilePath] { paths.withLock { $0 } }
    }

    /// A training that leaves a checkpoint at every step, with its checkpoints.
    private func trainWithCheckpoints(_ settings: [String: JSONValue]) throws -> (Outputs, [Int: FilePath]) {
        let folder = try workshop.newPath("checkpoints")
        let copies = Copies(of: folder, in: folder.removingLastComponent())
        let outputs = try train(
            settings, using: TrainTool(checkpointInterval: .zero, reportInterval: .zero), checkpoints: folder,
            progress: { copies.take($0) })
        return (outputs, copies.all)
    }

    @Test(
        arguments: [
            [:], ["keep": "best"], ["optimizer": "sgd", "keep": "best"], ["validation-interval": 100], ["batch": 40],
        ] as [[String: JSONValue]])
    func `a training stopped anywhere and taken up again ends with the same content`(
        settings: [String: JSONValue]
    ) throws {
        let whole = try train(settings).contents()
        let (outputs, copies) = try trainWithCheckpoints(settings)
        #expect(try outputs.contents() == whole, "checkpoints change nothing")
        #expect(copies.count >= 10)
        for (step, folder) in copies {
            let remarks = Mutex<[String]>([])
            let resumed = try train(
                settings, checkpoints: folder, threads: 2, note: { remark in remarks.withLock { $0.append(remark) } })
            #expect(try resumed.contents() == whole, "stopped at step \(step)")
            // A report comes before the checkpoint of its step.
            #expect(remarks.withLock { $0 } == ["goes on from a checkpoint at step \(step - 1)"])
        }
    }

    @Test func `only the newest checkpoint is kept`() throws {
        let (_, copies) = try trainWithCheckpoints([:])
        for folder in copies.values { #expect(try Files.names(in: folder).count == 1) }
    }

    @Test func `a damaged checkpoint is passed over`() throws {
        let whole = try train().contents()
        let (_, copies) = try trainWithCheckpoints([:])
        let folder = try #require(copies[7])
        let name = try #require(try Files.names(in: folder).first)
        let bytes = try Files.bytes(of: folder.appending(name))
        var flipped = bytes
        flipped[bytes.count / 2] ^= 1
        for damaged in [flipped, Array(bytes.dropLast()), []] {
            try Files.replace(folder.appending(name), with: damaged)
            let remarks = Mutex<[String]>([])
            let outputs = try train(checkpoints: folder, note: { remark in remarks.withLock { $0.append(remark) } })
            #expect(try outputs.contents() == whole)
            #expect(remarks.withLock { $0 } == [])
        }
    }

    @Test func `a whole checkpoint of another form is passed over`() throws {
        let whole = try train().contents()
        let folder = try workshop.newPath("checkpoints")
        try Files.makeFolder(folder)
        func place(_ path: FilePath) throws {
            try Files.rename(path, to: folder.appending("\(try FileDigest(ofFileAt: path).digest).h5"))
        }
        // Another network's checkpoint, and a file that holds none.
        let (_, copies) = try trainWithCheckpoints(["d": 6])
        let other = try #require(copies[9])
        try place(other.appending(try #require(try Files.names(in: other).first)))
        let empty = try workshop.newPath("empty.h5")
        let file = try TensorFileWriter(path: empty.string)
        try file.setAttribute("format", "checkpoint")
        try file.close()
        try place(empty)
        try Files.write(Array("text".utf8), toNew: folder.appending("notes.txt"))
        #expect(try train(checkpoints: folder).contents() == whole)
    }

    @Test func `the newest of several checkpoints is taken`() throws {
        let (_, copies) = try trainWithCheckpoints([:])
        let (early, late) = (try #require(copies[3]), try #require(copies[10]))
        let name = try #require(try Files.names(in: late).first)
        try Files.copy(late.appending(name), toNew: early.appending(name))
        let remarks = Mutex<[String]>([])
        _ = try train(checkpoints: early, note: { remark in remarks.withLock { $0.append(remark) } })
        #expect(remarks.withLock { $0 } == ["goes on from a checkpoint at step 9"])
    }

    // MARK: What is refused

    @Test func `a training that diverges ends with its step and its layer`() throws {
        func refusal(_ optimizer: JSONValue) throws -> ToolFailure {
            try failure {
                _ = try train(
                    ["optimizer": optimizer, "learning-rate": 1000, "steps": 50, "schedule": "constant"],
                    validating: false)
            }
        }
        let (sgd, adam) = (try refusal("sgd"), try refusal("adam"))
        #expect(sgd.message == "the output of layer 'expand' is not finite at step 3")
        #expect(adam.message == "the loss is not finite at step 2, though every layer's output is")
        #expect(sgd.hint == "a smaller 'learning-rate' may help" && adam.hint == sgd.hint)
    }

    @Test func `keep best needs validation images`() throws {
        #expect(
            try failure { _ = try train(["keep": "best"], validating: false) }
                == ToolFailure("'keep: best' needs validation images to choose by", at: .setting("keep")))
    }

    @Test func `validation images that cannot be measured are refused before training`() throws {
        let steps = Mutex(0)
        func refusal(_ images: [StoredImage]) throws -> ToolFailure {
            let set = try workshop.imageSet(images)
            return try failure { _ = try train(validation: set, progress: { _ in steps.withLock { $0 += 1 } }) }
        }
        #expect(
            try refusal([])
                == ToolFailure(
                    "there are no validation images", at: .input("validation"),
                    hint: "a split with a larger 'validation' share gives some"))
        #expect(
            try refusal([StoredImage("small", pattern(8, 40))])
                == ToolFailure(
                    "validation image 'small' of 40x8 pixels is too small for x3", at: .input("validation")))
        #expect(
            try refusal([StoredImage("flat", Image(height: 30, width: 30, mode: .grey8, repeating: 8))])
                == ToolFailure(
                    "validation image 'flat' is reproduced exactly, so that its PSNR is infinite",
                    at: .input("validation"), hint: "leave flat images out of a validation set"))
        #expect(steps.withLock { $0 } == 0)
    }

    @Test func `no patches are refused`() throws {
        let none = try workshop.run("patches", ["images": [workshop.imageSet([])]], ["scale": 3]).input("patches")
        #expect(
            try failure { _ = try train(patches: none) }
                == ToolFailure("there are no patches to learn from", at: .input("patches")))
    }

    @Test func `patches cut by another rule are refused`() throws {
        let path = try workshop.newPath("patches.h5")
        let file = try TensorFileWriter(path: path.string)
        for (name, value) in [
            ("format", "patches"), ("scale", 3), ("label-convention", "authors"), ("training-padding", "valid-first"),
            ("input-size", 11), ("label-size", 19), ("label-start", 6), ("output-shift", 1),
        ] as [(String, AttributeValue)] { try file.setAttribute(name, value) }
        try file.write("input", Tensor(shape: [1, 1, 11, 11]))
        try file.write("label", Tensor(shape: [1, 1, 19, 19]))
        try file.close()
        #expect(
            try failure { _ = try train(patches: workshop.input(path, .patches)) }.message
                == "'\(path)' is not a patch set of Reprise: its labels were cut by another rule")
    }

    // MARK: A full disk

    @Test func `a full disk is the disk's fault`() throws {
        struct Full: Tool {
            let interface = ToolInterface(name: "full", version: 1, summary: "", inputs: [], outputs: [], settings: [])
            func run(_ context: ToolContext) throws { throw TensorFileError.noSpace(file: "/x/y.h5") }
        }
        #expect(throws: StoreError.cannot(action: "write", path: "/x/y.h5", reason: .noSpace)) {
            try workshop.run("full", using: DiskFaultTool(Full()))
        }
    }
}
