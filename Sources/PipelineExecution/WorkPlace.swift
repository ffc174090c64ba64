// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// Where an action is worked at: `work/KEY`, or `work/KEY.RANDOM` of a run that cannot have the former, since it is
/// another user's.
///
/// Each has a claim beside it.
package struct WorkPlace: Hashable, Sendable, Comparable {
    private static let claimSuffix = ".claim"

    package let key: ActionKey
    /// Eight hexadecimal digits; none for the usual place.
    private let mark: String

    package init(_ key: ActionKey) {
        self.init(key, mark: "")
    }

    private init(_ key: ActionKey, mark: String) {
        self.key = key
        self.mark = mark
    }

    /// One that nobody else has.
    static func apart(_ key: ActionKey) -> WorkPlace {
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        return WorkPlace(key, mark: String(repeating: "0", count: 8 - digits.count) + digits)
    }

    /// The place whose folder or claim has this name; `nil` where it is neither's.
    init?(name: String) {
        let name = name.hasSuffix(Self.claimSuffix) ? String(name.dropLast(Self.claimSuffix.count)) : name
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let digest = Digest(hexadecimal: String(first)) else { return nil }
        switch parts.count {
        case 1: self.init(ActionKey(digest))
        case 2 where parts[1].utf8.count == 8 && parts[1].allSatisfy(\.isHexDigit):
            self.init(ActionKey(digest), mark: String(parts[1]))
        default: return nil
        }
    }

    var isUsual: Bool { mark.isEmpty }

    var name: String { isUsual ? key.description : "\(key).\(mark)" }
    var claimName: String { name + Self.claimSuffix }

    package static func < (left: WorkPlace, right: WorkPlace) -> Bool {
        left.key == right.key ? left.mark < right.mark : left.key < right.key
    }
}
