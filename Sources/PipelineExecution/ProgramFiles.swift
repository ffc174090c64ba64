// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// The bytes of the programs that command stages declare, which count into their keys.
struct ProgramFiles {
    private let manifest: Manifest
    private let folder: FilePath
    private let programs = ProgramSearch()

    /// - Parameter folder: the manifest's, beside which programs with a `/` are looked up.
    init(in manifest: Manifest, folder: FilePath) {
        self.manifest = manifest
        self.folder = folder
    }

    /// Each program of these stages that is not there, once for all instances of a stage.
    func mistakes(of stages: [Stage]) -> [Diagnostic] {
        var mistakes: [Diagnostic] = []
        var known: Set<Diagnostic> = []
        for stage in stages {
            guard case .command(let command) = stage.work else { continue }
            for name in command.programs where program(name.value, of: command) == nil {
                let mistake = missing(name)
                if known.insert(mistake).inserted { mistakes.append(mistake) }
            }
        }
        return mistakes
    }

    /// The files by the stage's name, as declared; throws `Diagnostics` for the first program that is not there.
    func files(
        of stages: [StageNode], _ memory: inout some FileDigestMemory
    ) throws -> [String: [SourceContent.File]] {
        var files: [String: [SourceContent.File]] = [:]
        for node in stages {
            guard case .command(let command) = node.stage.work else { continue }
            for name in command.programs {
                guard let file = program(name.value, of: command), let status = try Files.status(file) else {
                    throw Diagnostics([missing(name)])
                }
                let hashed = try memory.digest(ofFileAt: file, status: status)
                files[node.name, default: []].append(
                    SourceContent.File(name: name.value, path: file, bytes: hashed.bytes, status: hashed.status))
            }
        }
        return files
    }

    private func program(_ name: String, of command: Command) -> FilePath? {
        let path = command.environment.first { $0.name == "PATH" }?.value
        return programs.program(
            called: name, path: path ?? ProcessEnvironment.ofCommands["PATH"] ?? "",
            beside: command.folder(below: folder))
    }

    private func missing(_ name: Located<String>) -> Diagnostic {
        Diagnostic(
            .missingSource, in: manifest.source, at: name.location, "there is no program '\(name.value)'",
            hint: "programs are looked up in PATH, and those with a '/' beside the manifest")
    }
}
