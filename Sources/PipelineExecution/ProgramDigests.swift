// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// The bytes of the programs that command stages declare, which count into their keys.
struct ProgramDigests {
    private let manifest: Manifest
    private let folder: FilePath
    private let programs = ProgramSearch()

    /// - Parameter folder: the manifest's, beside which programs with a `/` are looked up.
    init(in manifest: Manifest, folder: FilePath) {
        self.manifest = manifest
        self.folder = folder
    }

    /// By the stage's name and then as declared; throws `Diagnostics` that name every program that is not there.
    func digests(
        of stages: [StageNode], _ memory: inout some FileDigestMemory
    ) throws -> [String: [String: Digest]] {
        var digests: [String: [String: Digest]] = [:]
        var diagnostics: [Diagnostic] = []
        for node in stages {
            guard case .command(let command) = node.stage.work else { continue }
            let path = command.environment.first { $0.name == "PATH" }?.value
            for name in command.programs {
                guard let file = program(name.value, of: command, path: path), let status = try Files.status(file)
                else {
                    diagnostics.append(missing(name))
                    continue
                }
                digests[node.name, default: [:]][name.value] =
                    try memory.digest(ofFileAt: file, status: status).digest
            }
        }
        if !diagnostics.isEmpty { throw Diagnostics(diagnostics) }
        return digests
    }

    private func program(_ name: String, of command: Command, path: String?) -> FilePath? {
        programs.program(
            called: name, path: path ?? ProcessEnvironment.ofCommands["PATH"] ?? "",
            beside: command.folder(below: folder))
    }

    private func missing(_ name: Located<String>) -> Diagnostic {
        Diagnostic(
            .missingSource, in: manifest.source, at: name.location, "there is no program '\(name.value)'",
            hint: "programs are looked up in PATH, and those with a '/' beside the manifest")
    }
}
