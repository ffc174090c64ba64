// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import Subprocess
import SystemPackage

/// Runs a `run:` stage: a private folder, its inputs and code laid out in it, and nothing of this machine's environment
/// but `PATH` and a home and a temporary folder that are the stage's own.
///
///     attempt/command/            the folder it runs in, with its code
///     attempt/command/inputs/     NAME, or NAME/0, NAME/1, ... where the manifest gives a list
///     attempt/command/outputs/    where it writes
struct CommandRun {
    let command: CommandOrder
    let order: WorkOrder

    /// Absolute, since the program runs in it and not in ours.
    private var folder: FilePath { order.folder.absolute.appending("command") }

    func run() async throws {
        try layOut()
        let outcome = try await start()
        guard case .exited(0) = outcome else { throw ToolFailure(Self.ending(outcome)) }
        try collectOutputs()
    }

    private func layOut() throws {
        try Files.makeFolder(folder.appending("inputs"))
        try Files.makeFolder(folder.appending("outputs"))
        try Files.makeFolder(temporaryFolder)
        for file in command.code {
            let target = folder.pushing(FilePath(file.name))
            try Files.makeFolder(target.removingLastComponent())
            try Files.copy(file.path, toNew: target)
            // Keys hold the bytes of code and not its permissions, so all of it may be run.
            try Files.setPermissions(target, 0o755)
        }
        for input in order.inputs {
            let place = folder.appending("inputs").appending(input.name)
            for (index, artifact) in input.artifacts.enumerated() {
                try layOut(artifact, at: input.isList ? place.appending(String(index)) : place)
            }
        }
        for output in order.outputs {
            try Files.makeFolder(written(output).removingLastComponent())
        }
    }

    /// Inputs are copies: a command that writes to its input harms only itself.
    private func layOut(_ artifact: ToolInput, at place: FilePath) throws {
        try Files.makeFolder(place.removingLastComponent())
        if artifact.format != .folder { return try Files.copy(artifact.path, toNew: place) }
        for file in artifact.files {
            let target = place.pushing(FilePath(file.name))
            try Files.makeFolder(target.removingLastComponent())
            try Files.copy(file.path, toNew: target)
        }
    }

    private func start() async throws -> TerminationStatus {
        let (executable, arguments) = launch
        do {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: environment, workingDirectory: folder,
                output: .currentStandardError, error: .currentStandardError)
            return result.terminationStatus
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ToolFailure(
                "there is no program '\(command.shell ?? command.arguments.first ?? "")'",
                hint: "programs are looked up in PATH, and those with a '/' beside the stage's 'code'")
        } catch let error as SubprocessError where error.code == .spawnFailed {
            let program = command.shell ?? command.arguments.first ?? ""
            throw ToolFailure("its program '\(program)' could not be started: \(error.reason)")
        }
    }

    private var launch: (Executable, [String]) {
        if let shell = command.shell { return (.path(FilePath(shell)), ["-c"] + command.arguments) }
        let program = command.arguments.first ?? ""
        // A program named with a slash is the project's own, beside its code.
        let executable: Executable =
            program.contains("/") ? .path(folder.pushing(FilePath(program))) : .name(program)
        return (executable, Array(command.arguments.dropFirst()))
    }

    private var temporaryFolder: FilePath { order.folder.absolute.appending("temporary") }

    private var environment: Environment {
        var variables: [Environment.Key: String] = [
            "HOME": temporaryFolder.string, "TMPDIR": temporaryFolder.string, "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        ]
        variables["PATH"] = ProcessEnvironment.value(of: "PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        for variable in command.environment {
            if let key = Environment.Key(rawValue: variable.name) { variables[key] = variable.value }
        }
        return .custom(variables)
    }

    private func written(_ output: WorkOrder.Output) -> FilePath {
        guard let path = command.outputPaths[output.name] else { return output.path }
        return folder.appending("outputs").pushing(FilePath(path))
    }

    private func collectOutputs() throws {
        for output in order.outputs {
            let path = written(output)
            guard try Files.linkStatus(path) != nil else { continue }
            try Files.rename(path, to: output.path)
        }
    }

    private static func ending(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "its command ended with exit code \(code)"
        case .signaled(let signal): "its command was ended by signal \(signal)"
        }
    }
}

extension SubprocessError {
    /// The system's reason in lower case, for example `exec format error`.
    fileprivate var reason: String {
        let text = underlyingError?.description ?? description
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
