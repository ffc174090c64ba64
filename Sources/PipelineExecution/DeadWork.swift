// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import SystemPackage

/// What runs that were killed left in the cache.
package enum DeadWork {
    /// Clears it: unfinished files and attempts always, checkpoints once their action has a result.
    ///
    /// What a living run holds is left alone, and what a failed attempt wrote.
    package static func clear(in folders: CacheFolders, actions: any ActionCache) throws(StoreError) {
        // What comes and goes in these changes no answer: whoever does any work leaves traces in `work` too.
        let isThere = LookedAt.$current.withValue(nil) {
            Result { () throws(StoreError) in
                guard try Files.status(folders.root) != nil else { return false }
                try Files.removeUnfinished(in: folders.root)
                for folder in [folders.memo, folders.latestStages] { try? Files.removeUnfinished(in: folder) }
                return true
            }
        }
        guard try isThere.get(), try Files.status(folders.work) != nil else { return }
        try Files.removeUnfinished(in: folders.work)
        let names = try Files.names(in: folders.work)
        for key in Set(names.compactMap(key)).sorted() {
            guard let claim = try ActionClaim(at: folders.claim(of: key)) else { continue }
            try clear(folders.workFolder(of: key), hasResult: try actions.entry(for: key) != nil)
            claim.release()
        }
    }

    /// Clears one action's folder, whose claim the caller holds.
    static func clear(_ work: FilePath, hasResult: Bool) throws(StoreError) {
        guard try Files.status(work) != nil else { return }
        for name in try Files.names(in: work) where name.hasPrefix("attempt-") {
            try AttemptLife.removeEnded(work.appending(name))
        }
        if hasResult {
            for name in try Files.names(in: work) where name != CacheFolders.failed {
                try Files.removeTree(work.appending(name))
            }
        }
        try removeIfBare(work)
    }

    /// Removes one action's folder where nothing is in it but empty folders for checkpoints.
    static func removeIfBare(_ work: FilePath) throws(StoreError) {
        for folder in [CacheFolders.checkpoint, CacheFolders.resume].map({ work.appending($0) }) + [work] {
            try Files.removeIfEmpty(folder)
        }
    }

    /// The key in `KEY` and `KEY.claim`.
    private static func key(in name: String) -> ActionKey? {
        Digest(hexadecimal: name.hasSuffix(".claim") ? String(name.dropLast(6)) : name).map { ActionKey($0) }
    }
}
