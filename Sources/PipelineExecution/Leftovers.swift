// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What housekeeping could not remove.
///
/// It only takes room, so nothing stops for it.
package struct Leftovers: Hashable, Sendable {
    /// In the order in which they were met.
    package private(set) var faults: [StoreError] = []

    package init() {}

    package var isEmpty: Bool { faults.isEmpty }

    mutating func add(_ fault: StoreError) {
        if !faults.contains(fault) { faults.append(fault) }
    }
}
