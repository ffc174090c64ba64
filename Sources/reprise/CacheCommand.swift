// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import SystemPackage

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Tells what the cache holds, checks and mends it, makes it smaller, and carries results elsewhere.",
        discussion: """
            Everything in a cache can be made again. None of these commands has to wait for a run, and no run for \
            them.
            """,
        subcommands: [
            CacheStatsCommand.self, CacheVerifyCommand.self, CacheCollectCommand.self, CacheExportCommand.self,
            CacheImportCommand.self,
        ])
}

extension Int {
    /// For example `1 object`, `3 objects`.
    func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

/// Which cache a command that needs no pipeline works on.
struct CacheOptions: ParsableArguments {
    @Option(help: "The cache's folder; REPRISE_CACHE, or 'cache', where it is left out.")
    var cache: String?

    /// The folder as the options and the environment say, whether it exists or not.
    var newFolders: CacheFolders {
        CacheFolders(root: FilePath(cache ?? ProcessEnvironment.value(of: "REPRISE_CACHE") ?? "cache"))
    }

    /// The folders of a cache that is there.
    func folders() throws -> CacheFolders {
        let folders = newFolders
        guard try Files.status(folders.root)?.kind == .folder else {
            throw UsageError("there is no cache '\(folders.root)'", hint: "'--cache DIR' or REPRISE_CACHE names one")
        }
        return folders
    }
}
