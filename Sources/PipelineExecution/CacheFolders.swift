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
///     cache/work/KEY.RANDOM        in KEY's place, where somebody else's cannot be written or claimed; with its claim
///     cache/runs/ID.json           a record a run
///     cache/runs/logs/KEY.gz       the newest log of an action; KEY.1.gz the one before, and so on
///     cache/runs/latest/PIPELINE   the newest key of each stage, drawn from the records
///     cache/stat                   digests of files that were hashed before; stat-USER of users whose cache it is not
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

    /// The cache's folder, from which all below it is reached.
    package var place: CachePath { CachePath(root: root) }
    package var work: CachePath { place.appending("work") }
    package var runs: CachePath { place.appending("runs") }
    package var logs: CachePath { runs.appending("logs") }
    package var latestStages: CachePath { runs.appending("latest") }
    /// In a cache of several users each has one of his own: what is remembered there is believed.
    package var statCache: CachePath {
        place.appending(Files.isOwn(folder: root) ? "stat" : "stat-\(Files.userNumber)")
    }
    package var memo: CachePath { place.appending("memo") }

    package func workFolder(of key: ActionKey) -> CachePath { folder(of: WorkPlace(key)) }
    package func failedWork(of key: ActionKey) -> CachePath { workFolder(of: key).appending(Self.failed) }
    package func claim(of key: ActionKey) -> CachePath { claim(of: WorkPlace(key)) }

    func folder(of place: WorkPlace) -> CachePath { work.appending(place.name) }
    func claim(of place: WorkPlace) -> CachePath { work.appending(place.claimName) }

    /// The newest log of an action, or the one that was kept so many before it.
    package func log(of key: ActionKey, before newest: Int = 0) -> CachePath {
        logs.appending(newest == 0 ? "\(key).gz" : "\(key).\(newest).gz")
    }

    /// Makes the cache's folder, marked so that backups and version control pass it over.
    package func prepare() throws(StoreError) {
        try checkLinks()
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

    /// Throws where one of the folders that every cache has is a link: somebody put it there.
    package func checkLinks() throws(StoreError) {
        let folders = [place.appending("objects"), place.appending("actions"), work, runs, logs, latestStages, memo]
        let result = LookedAt.$current.withValue(nil) {
            Result { () throws(StoreError) in
                for folder in folders where try Files.status(folder)?.kind == .link {
                    throw .link(path: folder.filePath)
                }
            }
        }
        try result.get()
    }

    private func writeIfMissing(_ name: String, _ text: String) throws(StoreError) {
        let path = place.appending(name)
        if try Files.status(path) == nil { try Files.replace(path, with: Array(text.utf8)) }
    }
}
