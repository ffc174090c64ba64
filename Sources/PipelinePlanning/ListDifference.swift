// SPDX-License-Identifier: Apache-2.0

/// The places at which two lists differ, what was put in or taken out being no change of what follows it.
struct ListDifference {
    /// In order, nil where one of the lists has nothing at the place; empty only for equal lists.
    let places: [(old: Int?, new: Int?)]

    /// What is longer than this, without the beginning and the end that are the same, is compared place by place: the
    /// shortest difference takes steps as the square of its length.
    private static let longestAligned = 2000

    init(from old: [[UInt8]], to new: [[UInt8]]) {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let shorter = min(old.count, new.count) - head
        let tail = zip(old.reversed(), new.reversed()).prefix(shorter).prefix { $0 == $1 }.count
        let before = Array(old[head..<old.count - tail])
        let after = Array(new[head..<new.count - tail])
        let places =
            before.count + after.count > Self.longestAligned
            ? Self.placeByPlace(before, after) : Self.aligned(before, after)
        self.places = places.map { old, new in (old.map { $0 + head }, new.map { $0 + head }) }
    }

    private static func placeByPlace(_ old: [[UInt8]], _ new: [[UInt8]]) -> [(old: Int?, new: Int?)] {
        (0..<max(old.count, new.count)).compactMap { place in
            guard place < old.count else { return (nil, place) }
            guard place < new.count else { return (place, nil) }
            return old[place] == new[place] ? nil : (place, place)
        }
    }

    /// What went and what came at the same place is a pair.
    private static func aligned(_ old: [[UInt8]], _ new: [[UInt8]]) -> [(old: Int?, new: Int?)] {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var places: [(old: Int?, new: Int?)] = []
        var (before, after) = (0, 0)
        while before < old.count || after < new.count {
            let gone = (before...).prefix { removed.contains($0) }
            let come = (after...).prefix { inserted.contains($0) }
            for index in 0..<max(gone.count, come.count) {
                let old = index < gone.count ? before + index : nil
                places.append((old, index < come.count ? after + index : nil))
            }
            before += gone.count + 1
            after += come.count + 1
        }
        return places
    }
}
