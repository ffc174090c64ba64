// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import SystemPackage

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copies a stage's outputs out of the cache.",
        discussion: """
            Each output becomes a file named after it: 'model.h5', 'table.csv', 'picture.png'; one that is a folder \
            becomes a folder. Files of the same names in DIR are replaced. With '--png' the images of an image set \
            become PNG files as well, in a folder named after the output; with '--safetensors' and '--onnx' models \
            are written in these formats as well, beside 'model.h5'. The stage is run first where it is not up to \
            date.
            """)

    @OptionGroup var options: PipelineOptions
    @OptionGroup var execution: ExecutionFlags

    @Argument(help: "The stage.", completion: StageCompletion.names)
    var stage: String

    @Option(help: "The folder to copy to; it is made where it is missing.")
    var to: String

    @Flag(help: "Also write the images of image sets as PNG files.")
    var png = false

    @Flag(help: "Also write models as safetensors.")
    var safetensors = false

    @Flag(help: "Also write models as ONNX.")
    var onnx = false

    func run() async throws {
        let session = try options.session()
        let result = try await StageResult.present(stage, in: session, execution: execution)
        let folder = FilePath(to)
        let names = result.outputs.map(Self.fileName)
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw UsageError(
                "two outputs of stage '\(stage)' would be written to '\(folder.appending(twice))'",
                hint: "give one of them another name in the manifest")
        }
        try Files.makeFolder(folder)
        for output in result.outputs {
            let format = ArtifactFormat(rawValue: output.format)
            let target = folder.appending(Self.fileName(of: output))
            if format == .folder {
                for file in try copy(filesOf: output, in: session, to: target) { Terminal.output.show("\(file)\n") }
                continue
            }
            let temporary = Files.temporarySibling(of: target)
            try Files.copy(try session.objects.verifiedFile(of: output.object), toNew: temporary)
            try Files.rename(temporary, to: target)
            Terminal.output.show("\(target)\n")
            if png, format == .images {
                for picture in try PictureFolder.write(imagesOf: target, to: folder.appending(output.name)) {
                    Terminal.output.show("\(picture)\n")
                }
            }
            if format == .model {
                for copy in try copies(ofModelAt: target, to: folder.appending(output.name)) {
                    Terminal.output.show("\(copy)\n")
                }
            }
        }
    }

    private static func fileName(of output: Artifact) -> String {
        let suffix = ArtifactFormat(rawValue: output.format)?.fileExtension ?? ""
        return suffix.isEmpty ? output.name : "\(output.name).\(suffix)"
    }

    /// Copies the files of a folder, each in one step.
    private func copy(
        filesOf output: Artifact, in session: PipelineSession, to target: FilePath
    ) throws -> [FilePath] {
        let temporary = Files.temporarySibling(of: target)
        defer { try? Files.removeTree(temporary) }
        let files = try FolderPacking.unpack(try session.objects.verifiedFile(of: output.object), into: temporary)
        return try files.map { file in
            let place = target.pushing(FilePath(file.name))
            try Files.makeFolder(place.removingLastComponent())
            try Files.setPermissions(file.path, 0o644)
            try Files.rename(file.path, to: place)
            return place
        }
    }

    /// Writes the model in the formats that were asked for, to files of this name with their endings.
    private func copies(ofModelAt path: FilePath, to target: FilePath) throws -> [FilePath] {
        guard safetensors || onnx else { return [] }
        let model = try Model(readingFrom: path)
        var copies: [FilePath] = []
        for (isWanted, format, bytes) in [
            (safetensors, ArtifactFormat.safetensors, \Model.safetensors), (onnx, .onnx, \Model.onnx),
        ] where isWanted {
            let copy = FilePath("\(target).\(format.fileExtension)")
            try Files.replace(copy, with: model[keyPath: bytes])
            copies.append(copy)
        }
        return copies
    }
}

/// A stage's result with all its objects there, made again where the cache has lost them.
enum StageResult {
    static func present(
        _ stage: String, in session: PipelineSession, execution: ExecutionFlags
    ) async throws -> ActionResult {
        let stage = try session.stage(named: stage).name
        let stages = try session.stages(named: [stage])
        let ended = try await PipelineRun(session: session, execution: execution).run(stages, wanted: [stage])
        try ended.complain(in: session)
        guard let result = ended.outcome.results[stage] else { throw RepriseExit.stageFailed }
        return result
    }
}
