// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelinePlanning
import Synchronization

/// A cache's results, those of other users only once their contents were computed anew.
///
/// The seal of a result is a plain digest: whoever can write to a cache can say of any bytes that they are the content
/// of a key. A result that contradicts itself, or whose outputs do not have the content that it says, counts as absent.
/// One that is right is published anew, where that is allowed, and so becomes this user's own, which is not read again.
package final class VouchedActionCache: ActionCache {
    /// Without any check, for those who want documents and no results.
    package let files: FileActionCache
    private let check: ContentCheck
    /// What was found of others' results.
    private let known = Mutex<[ActionKey: (result: ActionResult, isRight: Bool)]>([:])

    package init(_ files: FileActionCache, check: ContentCheck) {
        self.files = files
        self.check = check
    }

    package func entry(for key: ActionKey) throws(StoreError) -> ActionCacheEntry? {
        guard let (entry, isOwn) = try files.ownedEntry(for: key), try vouches(for: entry.result, of: key, isOwn)
        else { return nil }
        return entry
    }

    package func result(for key: ActionKey) throws(StoreError) -> ActionResult? {
        guard let (result, isOwn) = try files.ownedResult(for: key), try vouches(for: result, of: key, isOwn)
        else { return nil }
        return result
    }

    package func publish(_ entry: ActionCacheEntry) throws(StoreError) {
        try files.publish(entry)
        known.withLock { $0[entry.action.key] = nil }
    }

    package func sync() throws(StoreError) { try files.sync() }

    private func vouches(for result: ActionResult, of key: ActionKey, _ isOwn: Bool) throws(StoreError) -> Bool {
        if result.contradictsItself { return false }
        if isOwn || result.outputs.allSatisfy({ $0.canonicalFormat == nil }) { return true }
        if let known = known.withLock({ $0[key] }), known.result == result { return known.isRight }
        let isRight = try isRight(result)
        known.withLock { $0[key] = (result, isRight) }
        if isRight { makeOwn(key, result) }
        return isRight
    }

    private func isRight(_ result: ActionResult) throws(StoreError) -> Bool {
        for output in result.outputs where output.canonicalFormat != nil {
            guard try check.finding(on: output) == .right else { return false }
        }
        return true
    }

    /// Where that is not allowed, the next process computes the contents again.
    private func makeOwn(_ key: ActionKey, _ result: ActionResult) {
        guard let entry = try? files.entry(for: key), entry.result == result else { return }
        try? files.publish(entry)
    }
}
