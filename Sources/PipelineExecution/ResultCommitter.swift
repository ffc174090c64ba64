// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Dispatch
import PipelinePlanning
import Synchronization

/// Publishes the results of a run's stages: all that wait at once, with one sync for the objects of all of them.
///
/// Stages that read a result need not wait for it to be published: its objects are in the store, and the result is
/// handed to them in memory. What they make of it is published after it.
final class ResultCommitter: Sendable {
    private struct Pending {
        let stage: String
        let entry: ActionCacheEntry
        /// Its folder is removed and its claims are released once the result is published.
        let site: WorkSite
    }

    private struct State {
        var pending: [Pending] = []
        var faults: [(stage: String, error: StoreError)] = []
        /// To which a failure of the last sync belongs.
        var lastPublished: String?
    }

    private let objects: any ObjectStore
    private let actions: any ActionCache
    private let state = Mutex(State())
    /// One after another: while one batch is synced, the next one gathers.
    private let queue = DispatchQueue(label: "reprise.commit")

    init(objects: any ObjectStore, actions: any ActionCache) {
        self.objects = objects
        self.actions = actions
    }

    /// Has a result published soon; the claims are released then.
    func commit(_ entry: ActionCacheEntry, of stage: String, workedAt site: WorkSite) {
        state.withLock { $0.pending.append(Pending(stage: stage, entry: entry, site: site)) }
        queue.async { self.commitPending() }
    }

    /// Whether something could not be published, so that there is no point in going on.
    var hasFailed: Bool { state.withLock { !$0.faults.isEmpty } }

    /// Waits until all is published and on the disk, and gives the stages for which that failed.
    func finish() async -> [(stage: String, error: StoreError)] {
        await withCheckedContinuation { continuation in
            queue.async {
                self.commitPending()
                self.sync()
                continuation.resume()
            }
        }
        return state.withLock { $0.faults }
    }

    private func commitPending() {
        let batch = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        guard !batch.isEmpty else { return }
        do throws(StoreError) {
            try objects.sync()
        } catch {
            for result in batch { fail(result, error) }
            return
        }
        for result in batch {
            do throws(StoreError) {
                try actions.publish(result.entry)
                // What cannot be cleared now is cleared by the next run.
                try? Files.removeTree(result.site.folder)
                result.site.release()
                state.withLock { $0.lastPublished = result.stage }
            } catch {
                fail(result, error)
            }
        }
    }

    private func sync() {
        guard let stage = state.withLock({ $0.lastPublished }) else { return }
        do throws(StoreError) {
            try actions.sync()
        } catch {
            state.withLock { $0.faults.append((stage, error)) }
        }
    }

    private func fail(_ result: Pending, _ error: StoreError) {
        state.withLock { $0.faults.append((result.stage, error)) }
        result.site.release()
    }
}
