// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Subprocess
import SystemPackage

/// Runs the probes of a command stage: programs whose output stands for what is installed.
enum ProbeRun {
    private static let outputLimit = 1 << 22

    static func outputs(of probes: [[String]], in folder: FilePath) async throws -> [String] {
        var outputs: [String] = []
        for probe in probes {
            guard let program = probe.first else { continue }
            let name = probe.joined(separator: " ")
            let result: ExecutionResult<Void, StringOutput<UTF8>, DiscardedOutput>
            do {
                result = try await Subprocess.run(
                    program.contains("/") ? .path(FilePath(program)) : .name(program),
                    arguments: Arguments(Array(probe.dropFirst())), workingDirectory: folder,
                    output: .string(limit: outputLimit))
            } catch {
                throw UsageError("the probe '\(name)' could not be run: \(error)")
            }
            guard result.terminationStatus.isSuccess else {
                throw UsageError("the probe '\(name)' did not end well: \(result.terminationStatus)")
            }
            outputs.append(result.standardOutput)
        }
        return outputs
    }
}
