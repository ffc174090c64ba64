// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A `run:` stage's command with the places of this machine filled in.
struct CommandOrder: Sendable {
    /// One artifact that the command reads.
    enum Artifact: Sendable {
        /// The files of a source that is a folder.
        case files([ToolInput.File])
        /// A source that is a file.
        case file(ToolInput.File)
        /// An object of the cache, verified.
        case object(Digest, path: FilePath)
        /// A folder that another command wrote, as the verified object that it is packed in.
        case packedFolder(FilePath)
    }

    struct Input: Sendable {
        let name: String
        /// Whether the manifest gives a list.
        let isList: Bool
        let artifacts: [Artifact]
    }

    let command: Command
    let inputs: [Input]
    let code: [ToolInput.File]
    let outputs: [StageOutput]
    /// The folder of this attempt, from the root, since the program runs in it and not in ours.
    let folder: FilePath
    /// What outlives failed attempts, where the manifest asks for that.
    let resumeFolder: FilePath
}

/// Runs a command: a private folder, its inputs and code laid out in it, and nothing of this machine's environment but
/// `PATH` and a home and a temporary folder that are the stage's own.
///
///     attempt/command/            the folder it runs in, with its code
///     attempt/command/inputs/     NAME, or NAME/0, NAME/1, ... where the manifest gives a list
///     attempt/command/outputs/    where it writes
///     attempt/temporary/          its HOME and TMPDIR
///     attempt/log                 what it prints
struct CommandRun {
    /// Up to this size a copy is cheaper than a link, whose bytes are hashed again afterwards.
    private static let largestCopy = 1 << 24

    private let order: CommandOrder
    private let programs: ProgramSearch
    private let warden: Warden?
    private let onLine: (@Sendable (String) -> Void)?
    private let folder: FilePath
    private let temporaryFolder: FilePath

    private var outputsFolder: FilePath { folder.appending("outputs") }
    private var command: Command { order.command }

    /// - Parameter onLine: is told each line that the command prints.
    init(
        order: CommandOrder, programs: ProgramSearch, warden: Warden?, onLine: (@Sendable (String) -> Void)?
    ) {
        self.order = order
        self.programs = programs
        self.warden = warden
        self.onLine = onLine
        folder = order.folder.appending("command")
        temporaryFolder = order.folder.appending("temporary")
    }

    /// Runs the command, and gives what it was given, which it could have changed.
    ///
    /// - Parameter account: is charged however the command ends.
    func run(charging account: CostAccount) async throws -> LaidOutInputs {
        let secrets = try secrets()
        let inputs = try layOut()
        let clock = ContinuousClock()
        let start = clock.now
        let log = order.folder.appending("log")
        let output = try CommandOutput(
            log: log, mask: SecretMask(secrets.map(\.value)), onLine: onLine)
        let process: CommandProcess
        do {
            process = try started(output, secrets)
            output.commandHasStarted()
        } catch {
            output.commandHasStarted()
            _ = await output.finish()
            throw error
        }
        let (ending, usage) = await process.ending()
        let logFault = await output.finish()
        account.add(WorkCost(usage, workSeconds: (clock.now - start) / .seconds(1)))
        try Task.checkCancellation()
        if let logFault { throw StoreError.cannot(action: "write", path: log, reason: logFault) }
        guard ending == .exited(0) else { throw ToolFailure("its command \(ending)") }
        return inputs
    }

    // MARK: Laying out

    private func layOut() throws -> LaidOutInputs {
        try Files.makeFolder(folder)
        try Files.makeFolder(temporaryFolder)
        for file in order.code {
            // Keys hold the bytes of code and not its permissions, so all of it may be run.
            try copy(file, to: folder.pushing(FilePath(file.name)), permissions: 0o555)
        }
        var laidOut = LaidOutInputs()
        if !order.inputs.isEmpty { try Files.makeFolder(folder.appending("inputs")) }
        for input in order.inputs {
            let place = folder.appending("inputs").appending(input.name)
            for (index, artifact) in input.artifacts.enumerated() {
                let target = input.isList ? place.appending(String(index)) : place
                try layOut(artifact, of: input, at: target, &laidOut)
            }
        }
        try Files.makeFolder(outputsFolder)
        for output in order.outputs {
            let path = FilePath(output.path ?? output.name)
            if path.components.count > 1 {
                try Files.makeFolder(outputsFolder.pushing(path).removingLastComponent())
            }
        }
        try layOutResumption()
        return laidOut
    }

    private func layOut(
        _ artifact: CommandOrder.Artifact, of input: CommandOrder.Input, at place: FilePath,
        _ laidOut: inout LaidOutInputs
    ) throws {
        switch artifact {
        case .files(let files):
            // Never a link: nobody's data are in reach of a command.
            try Files.makeFolder(place)
            for file in files { try layOut(file, of: input, at: place.pushing(FilePath(file.name)), &laidOut) }
        case .file(let file):
            try layOut(file, of: input, at: place, &laidOut)
        case .packedFolder(let archive):
            try Files.makeFolder(place)
            for file in try FolderPacking.unpack(archive, into: place) {
                try laidOut.add(unpacked: file.path, member: file.name, of: archive, input: input.name)
            }
        case .object(let object, let path):
            if let size = try Files.status(path)?.byteCount, size > Self.largestCopy {
                return try shareOrLink(object, at: path, of: input, to: place, &laidOut)
            }
            let copied = try copied(path, to: place, 0o444)
            guard copied.digest == object else { throw StoreError.damaged(object: object, path: path) }
            try laidOut.add(copy: place, of: object, input: input.name)
        }
    }

    /// Lays out a file from outside of the cache: what the command gets is hashed as it is copied.
    private func layOut(
        _ file: ToolInput.File, of input: CommandOrder.Input, at place: FilePath, _ laidOut: inout LaidOutInputs
    ) throws {
        try copy(file, to: place, permissions: 0o444, input: input.name)
        guard let bytes = file.bytes else { preconditionFailure("a source's file comes with its digest") }
        try laidOut.add(copy: place, of: bytes.digest, input: input.name)
    }

    /// - Throws: `StageFailure.inputChanged` where the file is gone or holds other bytes than the key says.
    private func copy(_ file: ToolInput.File, to target: FilePath, permissions: UInt16, input: String = "") throws {
        let copied: FileDigest?
        do throws(StoreError) {
            copied = try self.copied(file.path, to: target, permissions)
        } catch .cannot(_, file.path, reason: .noSuchFileOrDirectory), .cannot(_, file.path, reason: .notDirectory),
            .cannot(_, file.path, reason: .invalidArgument), .cannot(_, file.path, reason: .isDirectory)
        {
            copied = nil
        }
        guard let copied, copied == file.bytes else {
            throw StageFailure.inputChanged(file: file.path.string, input: input)
        }
    }

    /// Copies into a folder that is made where it is missing; gives what the copy holds.
    private func copied(
        _ path: FilePath, to target: FilePath, _ permissions: UInt16
    ) throws(StoreError) -> FileDigest {
        do throws(StoreError) {
            return try Files.copyHashing(path, toNew: target, permissions: permissions)
        } catch .cannot(_, target, reason: .noSuchFileOrDirectory) {
            try Files.makeFolder(target.removingLastComponent())
            return try Files.copyHashing(path, toNew: target, permissions: permissions)
        }
    }

    /// A large object shares its bytes where the file system can do that, and has a second name where it cannot.
    private func shareOrLink(
        _ object: Digest, at path: FilePath, of input: CommandOrder.Input, to place: FilePath,
        _ laidOut: inout LaidOutInputs
    ) throws {
        try Files.makeFolder(place.removingLastComponent())
        if try !Files.share(path, toNew: place, permissions: 0o444) {
            if try Files.link(path, toNew: place) {
                return try laidOut.add(link: place, to: object, input: input.name)
            }
            try Files.copy(path, toNew: place, permissions: 0o444)
        }
        try laidOut.add(copy: place, of: object, input: input.name)
    }

    /// A link, so that what the command writes lies outside of its attempt at every moment.
    private func layOutResumption() throws {
        guard let resume = command.resume.map({ FilePath($0) }) else { return }
        try Files.makeFolder(order.resumeFolder)
        let place = folder.pushing(resume)
        try Files.makeFolder(place.removingLastComponent())
        try Files.symbolicLink(at: place, to: order.resumeFolder)
    }

    // MARK: Starting

    private func started(_ output: CommandOutput, _ secrets: [EnvironmentVariable]) throws -> CommandProcess {
        let variables = environment(secrets)
        let name = command.shell ?? command.arguments.first ?? ""
        let program = try program(named: name, path: variables["PATH"] ?? "")
        let arguments = command.shell == nil ? command.arguments : [name, "-c"] + command.arguments
        let launch = CommandProcess.Launch(
            program: program, arguments: arguments,
            environment: variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }, folder: folder,
            output: output.descriptor)
        do throws(Errno) {
            return try CommandProcess(launch, warden: warden)
        } catch .noSuchFileOrDirectory {
            throw Self.missing(name)
        } catch {
            let reason = error.description
            throw ToolFailure(
                "its program '\(name)' could not be started: " + reason.prefix(1).lowercased() + reason.dropFirst())
        }
    }

    private func program(named name: String, path: String) throws -> FilePath {
        // A program named with a slash is the project's own, beside its code.
        if name.contains("/") { return folder.pushing(FilePath(name)) }
        guard let program = programs.program(named: name, path: path) else { throw Self.missing(name) }
        return program
    }

    private static func missing(_ program: String) -> ToolFailure {
        ToolFailure(
            "there is no program '\(program)'",
            hint: "programs are looked up in PATH, and those with a '/' beside the stage's 'code'")
    }

    private func environment(_ secrets: [EnvironmentVariable]) -> [String: String] {
        var variables = ProcessEnvironment.ofCommands
        variables["HOME"] = temporaryFolder.string
        variables["TMPDIR"] = temporaryFolder.string
        for variable in command.environment + secrets { variables[variable.name] = variable.value }
        return variables
    }

    private func secrets() throws -> [EnvironmentVariable] {
        try command.secrets.map { name in
            guard let value = ProcessEnvironment.value(of: name.value) else {
                throw ToolFailure(
                    "the secret '\(name.value)' is not set", at: .stage,
                    hint: "set the environment variable '\(name.value)' where you start reprise")
            }
            return EnvironmentVariable(name: name.value, value: value)
        }
    }
}

extension WorkCost {
    fileprivate init(_ usage: rusage, workSeconds: Double) {
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        #if canImport(Darwin)
            let bytesPerUnit = 1
        #else
            let bytesPerUnit = 1024
        #endif
        self.init(
            processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakMemoryBytes: Int(usage.ru_maxrss) * bytesPerUnit, workSeconds: workSeconds)
    }
}
