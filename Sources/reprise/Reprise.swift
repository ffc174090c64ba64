// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest

/// The door to the user: every command reads options here and calls a library for the rest.
struct Reprise: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "reprise",
        abstract: "make for paper reproductions: runs what changed, and compares it with the paper, claim by claim.",
        discussion: """
            A pipeline is a manifest of stages. Each stage is keyed by the content of its inputs, its settings and its \
            tool's version; what the cache knows is not run again, and what runs gives the same bits everywhere.

              reprise run PIPELINE          run what changed, then compare
              reprise why PIPELINE STAGE    what changed, old and new value
              reprise check PIPELINE        the bits of the lock file?

            Exit codes: 0 done; 1 a stage failed, 'upscale' met a damaged file, or 'data check' found something wrong; \
            2 usage, or a mistake in the manifest; 3 a claim deviates, 'check', 'lock --check' or 'diff' found other \
            content, or 'data check' unknown images; 4 the cache or the disk is at fault; 130 interrupted.
            """,
        version: version,
        subcommands: [
            RunCommand.self, WatchCommand.self, PlanCommand.self, WhyCommand.self, ValidateCommand.self,
            SchemaCommand.self, GraphCommand.self,
            ToolsCommand.self, ShowCommand.self, LogCommand.self, ExportCommand.self, ReportCommand.self,
            LockCommand.self, CheckCommand.self, DiffCommand.self, HistoryCommand.self, BestCommand.self,
            CacheCommand.self, DataCommand.self, UpscaleCommand.self, ExecCommand.self,
        ])

    /// Does what the arguments say, and ends the process.
    static func perform() async -> Never {
        do {
            try await SettledAnswer.noting {
                try refuseUnknownCommand(CommandLine.arguments.dropFirst())
                var command = try parseAsRoot()
                if var asyncCommand = command as? any AsyncParsableCommand {
                    try await asyncCommand.run()
                } else {
                    try command.run()
                }
            }
            Self.exit()
        } catch let exit as ExitCode {
            Self.exit(withError: exit)
        } catch {
            Complaint.exit(with: error)
        }
    }

    /// Tells a command that there is none of, where the parser would tell of unexpected arguments.
    private static func refuseUnknownCommand(_ arguments: ArraySlice<String>) throws(UsageError) {
        var configuration = configuration
        var path = "reprise"
        for argument in arguments {
            guard !argument.hasPrefix("-"), !configuration.subcommands.isEmpty, configuration.defaultSubcommand == nil
            else { return }
            if argument == "help" { return }
            let commands = configuration.subcommands.map { ($0.configuration.commandName ?? "", $0) }
            guard let (name, command) = commands.first(where: { $0.0 == argument }) else {
                throw UsageError(
                    "'\(path)' has no command \(quoted(argument))",
                    hint: suggestion(for: argument, among: commands.map(\.0)) ?? "'\(path) --help' lists them")
            }
            path += " \(name)"
            configuration = command.configuration
        }
    }
}
