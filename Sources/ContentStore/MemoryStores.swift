// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Results kept in memory, for planning without a disk.
package final class MemoryActionCache: ActionCache {
    private let entries = Mutex<[ActionKey: ActionCacheEntry]>([:])

    package init() {}

    package func entry(for key: ActionKey) -> ActionCacheEntry? {
        entries.withLock { $0[key] }
    }

    package func publish(_ entry: ActionCacheEntry) {
        entries.withLock { $0[entry.action.key] = entry }
    }

    package func sync() {}
}
