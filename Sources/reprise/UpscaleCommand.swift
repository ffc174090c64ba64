// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineTools
import Reporting
import SystemPackage
import Tensors

struct UpscaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upscale",
        abstract: "Makes an image larger with a trained model.",
        discussion: """
            IMAGE is a PNG or BMP file. A model file is what 'reprise export' copies out of the cache, and \
            'reprise show PIPELINE STAGE/model' prints its place there. The picture has exactly the model's scale \
            times the image's height and width, and the same bits for any number of threads.

            A model of luma makes the luma, and the colours are enlarged by MATLAB's bicubic; a model of RGB makes all \
            three channels. Grey stays grey. Alpha is enlarged by the same bicubic, apart from the colours, which stay \
            as they are where nothing is to be seen of them. Colour profiles and the like are not copied.

            An output of that name is replaced, in one step.
            """)

    /// What becomes of 16 bits a sample, as tool 'images' has it.
    enum Depth: String, CaseIterable, ExpressibleByArgument {
        case refuse, round
    }

    @Argument(help: "The image.")
    var image: String

    @Option(help: "The model's file.")
    var model: String

    @Option(help: "Refuses a model of another scale.")
    var scale: Int?

    @Option(help: "The picture's file, which ends with '.png'.")
    var output: String

    @Option(help: "What becomes of 16 bits a sample: 'round' makes 8 of them.")
    var depth: Depth = .refuse

    @Option(help: "Threads; as many as there are processors where it is left out.")
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Says nothing while it works.")
    var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw UsageError("'--threads \(threads)': there is at least one thread") }
    }

    func run() async throws {
        let upscaling = Upscaling(
            image: FilePath(image), model: FilePath(model), output: FilePath(output), scale: scale,
            isDepthRounded: depth == .round)
        let level = try SIMDLevel.chosen()
        let progress = UpscalingProgress(isQuiet: quiet, terminal: .error)
        let threads = threads ?? Machine.processorCount
        let result = await Interruption.ending {
            Result {
                try upscaling.run(threads: threads, level: level, note: progress.say) { done, total in
                    try Task.checkCancellation()
                    progress.draw(done, of: total)
                }
            }
        }
        progress.finish()
        try result.get()
        Terminal.output.write("\(upscaling.output)\n")
    }
}

/// How far a picture is, on a terminal; pictures of one band are done before there is anything to say.
private struct UpscalingProgress: Sendable {
    let isQuiet: Bool
    let terminal: Terminal
    let start = ContinuousClock.now

    func say(_ line: String) {
        if !isQuiet { terminal.write(line + "\n") }
    }

    func draw(_ done: Int, of total: Int) {
        guard isMoving, done > 0, done < total else { return }
        let elapsed = (ContinuousClock.now - start).roundedSeconds
        let left = DurationText(seconds: elapsed * Double(total - done) / Double(done)).whole
        terminal.write("\r\u{1b}[2K\(done) of \(total) rows  \(left) left")
    }

    /// Takes the moving line away.
    func finish() {
        if isMoving { terminal.write("\r\u{1b}[2K") }
    }

    private var isMoving: Bool { terminal.isTerminal && !isQuiet }
}
