// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

/// Where things lie in a cache.
///
///     cache/objects  actions       the stores' own
///     cache/work/KEY/attempt-...   the private folder of one attempt at an action
///     cache/work/KEY/checkpoint    what outlives failed attempts of a tool; KEY/resume, of a command
///     cache/work/KEY/failed        what the last failed attempt wrote, until the next one begins
///     cache/work/KEY.claim         held by whoever runs the action
///     cache/runs/ID.json           a record a run
///     cache/runs/logs/KEY.gz       the newest log of an action; KEY.1.gz the one before, and so on
///     cache/runs/latest/PIPELINE   the newest key of each stage, drawn from the records
///     cache/stat                   digests of files that were hashed before
///     cache/memo/QUESTION          what a command said when all was up to date, and all it looked at
package struct CacheFolders: Hashable, Sendable {
    package let root: FilePath

    package init(root: FilePath) {
        self.root = root
    }

    /// Of an object on its way from an archive into the store, in `work`.
    static let importPrefix = "import-"

    /// What outlives failed attempts of a tool, in an action's folder; and of a command.
    static let checkpoint = "checkpoint"
    static let resume = "resume"
    /// What the last failed attempt wrote, in an action's folder.
    static let failed = "failed"

    package var work: FilePath { root.appending("work") }
    package var runs: FilePath { root.appending("runs") }
    package var logs: FilePath { runs.appending("logs") }
    package var latestStages: FilePath { runs.appending("latest") }
    package var statCache: FilePath { root.appending("stat") }
    package var memo: FilePath { root.appending("memo") }

    package func workFolder(of key: ActionKey) -> FilePath { work.appending(key.description) }
    package func failedWork(of key: ActionKey) -> FilePath { workFolder(of: key).appending(Self.failed) }
    package func claim(of key: ActionKey) -> FilePath { work.appending("\(key).claim") }

    /// The newest log of an action, or the one that was kept so many before it.
    package func log(of key: ActionKey, before newest: Int = 0) -> FilePath {
        logs.appending(newest == 0 ? "\(key).gz" : "\(key).\(newest).gz")
    }

    /// Makes the cache's folder, marked so that backups and version control pass it over.
    package func prepare() throws(StoreError) {
        try Files.makeFolder(work)
        try Files.makeFolder(logs)
        // Answers come and go in it, and none depends on that.
        LookedAt.$current.withValue(nil) { try? Files.makeFolder(memo) }
        try writeIfMissing(
            "CACHEDIR.TAG",
            """
            Signature: 8a477f597d28d172789f06886806bc55
            # This folder is a cache of Reprise: everything in it can be made again.

            """)
        try writeIfMissing(".gitignore", "*\n")
    }

    private func writeIfMissing(_ name: String, _ text: String) throws(StoreError) {
        let path = root.appending(name)
        if try Files.status(path) == nil { try Files.replace(path, with: Array(text.utf8)) }
    }
}
