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
        held: ToolInput? = nil, progress: @escaping @Sendable (StageProgress) -> Void = { _ in },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Outputs {
        var inputs = ["patches": [patches ?? self.patches]]
        if validating { inputs["validation"] = [validation ?? self.validation] }
        if let held { inputs["validation-patches"] = [held] }
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

    /// A patch set written as its format is documented: x4, 6x6 inputs, 24x24 labels, padded with zeros.
    private func scaledPatches(_ count: Int, channels: Int = 3, seed: UInt64, input: Int = 6) throws -> ToolInput {
        let path = try workshop.newPath("patches.h5")
        let file = try TensorFileWriter(path: path.string)
        for (name, value) in [
            ("format", "patches"), ("scale", 4), ("label-convention", "scaled"), ("training-padding", "zero"),
            ("input-size", .integer(input)), ("label-size", .integer(4 * input)), ("label-start", 0),
            ("output-shift", 0),
        ] as [(String, AttributeValue)] { try file.setAttribute(name, value) }
        var random = CounterRandom(seed: seed, purpose: RandomPurpose(rawValue: 2100), sample: 0)
        for (name, size) in [("input", input), ("label", 4 * input)] {
            let shape: Shape = [count, channels, size, size]
            let values = (0..<shape.count).map { _ in Float(random.nextUniform()) }
            try file.write(name, Tensor(shape: shape, values: values))
        }
        try file.close()
        return workshop.input(path, .patches)
    }

    /// The tutorial's recipe in small: few steps an epoch, a plateau and an end within reach.
    private static let tutorial: [String: JSONValue] = [
        "optimizer": "rmsprop", "learning-rate": 0.01, "schedule": "plateau", "schedule-factor": 0.5,
        "plateau-patience": 1, "least-rate": 0.001, "epoch-steps": 3, "stop-patience": 3, "stop-delta": 0.001,
        "keep": "best", "slopes": "per-channel", "initialiser": "he-fan-in", "expand-initialiser": "glorot",
        "first-slope": 0, "deconvolution-padding": 2, "inference-padding": "zero", "steps": 300,
    ]

    @Test func `a network of RGB is what the trainer makes of the same patches, epoch by epoch`() throws {
        let (rgb, held) = (try scaledPatches(20, seed: 1), try scaledPatches(7, seed: 2))
        let outputs = try train(Self.tutorial, validating: false, patches: rgb, held: held)
        func source(_ input: ToolInput) throws -> MemoryPatchSource {
            let file = try TensorFileReader(path: input.path.string)
            return MemoryPatchSource(inputs: try file.readTensor("input"), labels: try file.readTensor("label"))
        }
        let description = NetworkDescription.fsrcnn(
            d: 4, s: 2, m: 1, scale: 4, channels: 3, labelConvention: .scaled, slopes: .perChannel,
            deconvolutionPadding: 2)
        let trainer = Trainer(
            network: Network(
                description: description, seed: 1,
                initialisation: Initialisation(weights: .heFanIn, layers: ["expand": .glorot], slope: 0)),
            configuration: TrainingConfiguration(
                optimizer: .rmsprop, learningRate: 0.01,
                schedule: .plateau(PlateauRule(factor: 0.5, patience: 1, leastRate: 0.001)), epochSteps: 3,
                padding: .zero, batchSize: 5, steps: 300, seed: 1), pool: WorkerPool(threads: 1), level: .baseline)
        var stopping = EarlyStopping(patience: 3, leastImprovement: 0.001)
        var best = trainer.network
        var (losses, rates, norms, validation): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        while !stopping.endsTraining && !trainer.isFinished {
            var (loss, norm, rate) = (0.0, 0.0, 0.0)
            for _ in 0..<3 {
                rate = trainer.learningRate
                loss += try trainer.step(source(rgb))
                norm += trainer.gradientNorm
            }
            losses.append(loss / 3)
            norms.append(norm / 3)
            rates.append(rate)
            validation.append(try trainer.meanLoss(of: source(held)))
            if stopping.endEpoch(loss: validation[validation.count - 1]) { best = trainer.network }
        }
        #expect(trainer.step < 300 && stopping.epochs > 4, "the training must end early: \(stopping.epochs) epochs")
        #expect(rates.min() ?? 1 < 0.01, "the rate must fall")
        #expect(try model(outputs).network == best && best != trainer.network)
        #expect(try outputs.tensors("log").read("step", as: Int64.self) == losses.indices.map { Int64(3 * $0 + 3) })
        #expect(try column("loss", outputs) == losses && column("learning-rate", outputs) == rates)
        #expect(try column("gradient-norm", outputs) == norms && column("validation-loss", outputs) == validation)
        #expect(
            try outputs.tensors("log").datasetNames
                == ["gradient-norm", "learning-rate", "loss", "step", "validation-loss"])
        let plain = try model(outputs)
        #expect(plain.scale == 4 && plain.outputShift == 0 && plain.padding == .zero && plain.network == best)
        #expect(plain.network.description.inputs == 3 && plain.network.description.outputs == 3)
    }

    @Test func `a network of RGB follows validation images under pillow-rgb`() throws {
        let images = try workshop.imageSet([
            StoredImage("v", pattern(36, 42, seed: 5)), StoredImage("w", pattern(30, 33, .grey8, seed: 7)),
        ])
        let outputs = try train(patches: scaledPatches(20, seed: 1), validation: images)
        let path = try outputs.path("model")
        let scored = try workshop.run(
            "evaluate", ["images": [images], "model": [workshop.input(path, .model)]],
            ["dataset": "V", "scale": 4, "metrics": ["psnr"], "baselines": [], "protocols": ["pillow-rgb"]])
        let scores = try #require(ScoreDocument(json: JSONValue(parsing: Files.bytes(of: scored.path("scores")))))
            .scores
        #expect(scores.last?.image == nil)
        #expect(try scores.last?.value == column("validation-psnr", outputs).last)
    }

    @Test func `what was said of the end is in the log`() throws {
        let remarks = Mutex<[String]>([])
        let outputs = try train(
            Self.tutorial, validating: false, patches: scaledPatches(20, seed: 1), held: scaledPatches(7, seed: 2),
            note: { remark in remarks.withLock { $0.append(remark) } })
        let epochs = try column("loss", outputs).count
        #expect(
            remarks.withLock { $0 } == ["ends after \(epochs) epochs, 3 of them without a lower validation loss"])
    }

    @Test func `each new setting changes the network, and left out it is what its summary says`() throws {
        let (rgb, held) = (try scaledPatches(20, seed: 1), try scaledPatches(7, seed: 2))
        func content(_ settings: [String: JSONValue], held: ToolInput? = nil) throws -> String? {
            try train(settings, validating: false, patches: rgb, held: held).contents()["model"]
        }
        let changes: [[String: JSONValue]] = [
            [:], ["optimizer": "adamw"], ["optimizer": "nesterov"], ["optimizer": "sgd"], ["optimizer": "rmsprop"],
            ["optimizer": "rmsprop", "rho": 0.5], ["optimizer": "rmsprop", "epsilon": 0.01], ["epsilon": 0.01],
            ["weight-decay": 0.1], ["weight-decay": 0.1, "deconvolution-weight-decay": 0],
            ["schedule": "step", "schedule-steps": 4],
            ["schedule": "step", "schedule-steps": 4, "schedule-factor": 0.5],
            ["warm-up": 3], ["initialiser": "glorot"], ["initialiser": "he-fan-in"], ["initialiser": "gaussian"],
            ["expand-initialiser": "glorot"], ["first-slope": 0], ["deconvolution-padding": 2],
            ["schedule": "plateau", "epoch-steps": 2, "plateau-patience": 1, "plateau-delta": 1000],
            ["schedule": "plateau", "epoch-steps": 2, "plateau-patience": 2, "plateau-delta": 1000],
            [
                "schedule": "plateau", "epoch-steps": 2, "plateau-patience": 1, "plateau-delta": 1000,
                "least-rate": 0.0005,
            ],
        ]
        #expect(Set(try changes.map { try content($0) }).count == changes.count)
        for (short, long) in [
            (["optimizer": "rmsprop"], ["optimizer": "rmsprop", "rho": 0.9, "epsilon": 1e-7]),
            ([:], ["epsilon": 1e-8]), (["optimizer": "adamw"], ["optimizer": "adamw", "weight-decay": 0.01]),
            ([:], ["initialiser": "he-fan-out", "expand-initialiser": "he-fan-out", "first-slope": 0.25]),
            ([:], ["weight-decay": 0, "deconvolution-padding": 4, "epoch-steps": 5]),
            (
                ["schedule": "step", "schedule-steps": 4],
                ["schedule": "step", "schedule-steps": 4, "schedule-factor": 0.1]
            ),
            (
                ["schedule": "plateau", "epoch-steps": 1],
                [
                    "schedule": "plateau", "epoch-steps": 1, "schedule-factor": 0.1, "plateau-patience": 10,
                    "plateau-delta": 1e-4, "plateau-cooldown": 0, "least-rate": 0,
                ]
            ),
        ] as [([String: JSONValue], [String: JSONValue])] {
            #expect(try content(short) == content(long), "\(long)")
        }
        // The best by validation loss, and the last.
        #expect(try content(["keep": "best", "validation-interval": 4], held: held) != nil)
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

    @Test(
        arguments: [
            [:], ["optimizer": "nesterov", "plateau-cooldown": 2], ["optimizer": "adamw", "keep": "last"],
            ["epoch-steps": 7, "warm-up": 9],
        ] as [[String: JSONValue]])
    func `a training that ends early is taken up anywhere and ends with the same content`(
        changes: [String: JSONValue]
    ) throws {
        let (rgb, held) = (try scaledPatches(20, seed: 1), try scaledPatches(7, seed: 2))
        let settings = Self.tutorial.merging(changes) { $1 }.merging(["steps": 60]) { $1 }
        let whole = try train(settings, validating: false, patches: rgb, held: held).contents()
        let folder = try workshop.newPath("checkpoints")
        let copies = Copies(of: folder, in: folder.removingLastComponent())
        let outputs = try train(
            settings, validating: false, using: TrainTool(checkpointInterval: .zero, reportInterval: .zero),
            checkpoints: folder, patches: rgb, held: held, progress: { copies.take($0) })
        #expect(try outputs.contents() == whole, "checkpoints change nothing")
        #expect(copies.all.count >= 10)
        for (step, folder) in copies.all {
            let resumed = try train(
                settings, validating: false, checkpoints: folder, threads: 2, patches: rgb, held: held)
            #expect(try resumed.contents() == whole, "stopped at step \(step)")
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
        #expect(sgd.message == "the output of layer 'expand' is not finite at step 3, epoch 1")
        #expect(adam.message == "the loss is not finite at step 2, epoch 1, though every layer's output is")
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

    @Test func `settings that nobody would read, or that lack what they go by, are refused`() throws {
        let (rgb, held) = (try scaledPatches(20, seed: 1), try scaledPatches(7, seed: 2))
        func refusal(_ settings: [String: JSONValue], held: ToolInput? = nil, patches: ToolInput? = nil) throws
            -> ToolFailure
        {
            try failure { _ = try train(settings, validating: false, patches: patches ?? rgb, held: held) }
        }
        for (settings, message, place) in [
            (["rho": 0.9], "'optimizer: adam' takes no 'rho'", "rho"),
            (["optimizer": "sgd", "epsilon": 0.1], "'optimizer: sgd' takes no 'epsilon'", "epsilon"),
            (["least-rate": 0.1], "'schedule: cosine' takes no 'least-rate'", "least-rate"),
            (
                ["schedule": "constant", "schedule-factor": 0.1], "'schedule: constant' takes no 'schedule-factor'",
                "schedule-factor"
            ),
            (
                ["schedule": "plateau", "schedule-steps": 1], "'schedule: plateau' takes no 'schedule-steps'",
                "schedule-steps"
            ),
            (["schedule": "step"], "'schedule: step' needs 'schedule-steps'", "schedule"),
            (["schedule": "plateau"], "'schedule: plateau' looks at epochs and needs 'epoch-steps'", "schedule"),
            (["stop-patience": 1], "'stop-patience' counts epochs and needs 'epoch-steps'", "stop-patience"),
            (
                ["stop-patience": 1, "epoch-steps": 1], "'stop-patience' needs validation patches to go by",
                "stop-patience"
            ),
        ] as [([String: JSONValue], String, String)] {
            #expect(try refusal(settings) == ToolFailure(message, at: .setting(place)))
        }
        #expect(
            try refusal([:], held: scaledPatches(0, seed: 1))
                == ToolFailure("there are no validation patches", at: .input("validation-patches")))
        #expect(
            try refusal([:], held: scaledPatches(3, seed: 1, input: 7))
                == ToolFailure(
                    "validation patches of 3x7x7 with labels of 3x28x28 are not cut as those to learn from, of 3x6x6 "
                        + "with labels of 3x24x24", at: .input("validation-patches"),
                    hint: "give both 'patches' stages the same settings"))
        #expect(
            try refusal([:], held: held, patches: scaledPatches(3, channels: 2, seed: 1))
                == ToolFailure(
                    "patches of 2 channels with labels of 2 suit no network of luma or RGB", at: .input("patches")))
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
