// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What runs that were killed left in the cache.
package enum DeadWork {
    /// Clears it: unfinished files and attempts always, checkpoints once their action has a result.
    ///
    /// What a living run holds is left alone, and what a failed attempt wrote.
    ///
    /// - Returns: what is in the way and cannot be removed, such as another user's.
    @discardableResult
    package static func clear(in folders: CacheFolders, actions: any ActionCache) -> Leftovers {
        var leftovers = Leftovers()
        // What comes and goes in these changes no answer: whoever does any work leaves traces in `work` too.
        LookedAt.$current.withValue(nil) {
            for folder in [folders.place, folders.memo, folders.latestStages, folders.work] {
                clearUnfinished(in: folder, &leftovers)
            }
        }
        do throws(StoreError) {
            for place in Set(try Files.names(in: folders.work).compactMap { WorkPlace(name: $0) }).sorted() {
                clear(place, in: folders, actions: actions, &leftovers)
            }
        } catch {
            leftovers.add(error)
        }
        // It is told again as long as it is there.
        if !leftovers.isEmpty { LookedAt.current?.noteWhatCannotBeSeen() }
        return leftovers
    }

    private static func clearUnfinished(in folder: CachePath, _ leftovers: inout Leftovers) {
        do throws(StoreError) {
            try Files.removeUnfinished(in: folder) { leftovers.add($0) }
        } catch {
            leftovers.add(error)
        }
    }

    private static func clear(
        _ place: WorkPlace, in folders: CacheFolders, actions: any ActionCache, _ leftovers: inout Leftovers
    ) {
        do throws(StoreError) {
            guard let claim = try ActionClaim(at: folders.claim(of: place)) else { return }
            defer { claim.release() }
            let hasResult = try actions.entry(for: place.key) != nil
            // Nobody goes on from what lies apart.
            clear(folders.folder(of: place), hasResult: hasResult || !place.isUsual, &leftovers)
        } catch {
            leftovers.add(error)
        }
    }

    /// Clears one action's folder, whose claim the caller holds.
    static func clear(_ work: CachePath, hasResult: Bool, _ leftovers: inout Leftovers) {
        do throws(StoreError) {
            guard let status = try Files.status(work) else { return }
            // What is no folder nobody worked in.
            guard status.kind == .folder else { return try Files.remove(work) }
            for name in try Files.names(in: work) {
                do throws(StoreError) {
                    try clear(name, in: work, hasResult: hasResult)
                } catch {
                    leftovers.add(error)
                }
            }
            try removeIfBare(work)
        } catch {
            leftovers.add(error)
        }
    }

    private static func clear(_ name: String, in work: CachePath, hasResult: Bool) throws(StoreError) {
        if name.hasPrefix("attempt-") {
            try AttemptLife.removeEnded(work.appending(name))
        } else if hasResult, name != CacheFolders.failed {
            try Files.removeTree(work.appending(name))
        }
    }

    /// Removes one action's folder where nothing is in it but empty folders for checkpoints.
    static func removeIfBare(_ work: CachePath) throws(StoreError) {
        for folder in [CacheFolders.checkpoint, CacheFolders.resume].map({ work.appending($0) }) + [work] {
            try Files.removeIfEmpty(folder)
        }
    }
}
