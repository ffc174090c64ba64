// SPDX-License-Identifier: Apache-2.0

/// The names of an archive's files, in an order in which what lies in a folder follows the folder's own name.
///
/// That order goes by bytes, `/` before all others: a file that is also a folder, and a name that stands twice, are
/// found by looking at neighbours, and a name by halves. Bytes count: `é` in one letter and in two are two files to
/// most file systems, and equal as text.
package struct ArchiveNames: Sendable {
    /// The longest name in bytes; no system takes a longer path.
    package static let byteLimit = 4096

    /// How often two names were compared to bring them into their order.
    package let comparisonCount: Int
    private let names: [String]
    /// Places in `names`.
    private let order: [Int]

    package init(_ names: [String]) {
        self.names = names
        var count = 0
        order = names.indices.sorted { left, right in
            count += 1
            let order = Self.order(of: names[left], names[right])
            return order == 0 ? left < right : order < 0
        }
        comparisonCount = count
    }

    /// The place of a name in the list that this was made of; `nil` where it is not there.
    package func place(of name: String) -> Int? {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            let place = order[middle]
            switch Self.order(of: names[place], name) {
            case 0: return place
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return nil
    }

    /// The first name that is not to be unpacked below a folder, by its place in the list, and why.
    package var fault: (index: Int, reason: String)? {
        for (index, name) in names.enumerated() {
            if let reason = Self.fault(of: name) { return (index, reason) }
        }
        var first: (index: Int, reason: String)?
        for (before, after) in zip(order, order.dropFirst()) where after < first?.index ?? names.count {
            if let reason = Self.fault(of: names[after], after: names[before]) { first = (after, reason) }
        }
        return first
    }

    private static func fault(of name: String, after file: String) -> String? {
        if order(of: file, name) == 0 { return "file '\(name)' stands twice" }
        guard name.utf8.count > file.utf8.count, name.utf8.starts(with: file.utf8),
            name.utf8.dropFirst(file.utf8.count).first == UInt8(ascii: "/")
        else { return nil }
        return "file '\(file)' is also the folder of '\(name)'"
    }

    private static func fault(of name: String) -> String? {
        let byteCount = name.utf8.count
        if byteCount == 0 { return "file has no name" }
        if byteCount > byteLimit { return "name '\(name.prefix(40))…' has more than \(byteLimit) bytes" }
        if name.utf8.contains(0) { return "name '\(name)' holds a zero byte" }
        if name.utf8.first == UInt8(ascii: "/") { return "name '\(name)' is absolute" }
        var hasEmptyPart = false
        for part in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.elementsEqual("..".utf8) { return "name '\(name)' leads out of its folder" }
            hasEmptyPart = hasEmptyPart || part.isEmpty || part.elementsEqual(".".utf8)
        }
        return hasEmptyPart ? "name '\(name)' has an empty part" : nil
    }

    /// Below, at or above 0 as the left comes before, with or after the right.
    private static func order(of left: String, _ right: String) -> Int {
        let found = left.utf8.withContiguousStorageIfAvailable { here in
            right.utf8.withContiguousStorageIfAvailable { there in byteOrder(of: here, there) }
        }
        if case .some(.some(let order)) = found { return order }
        return Array(left.utf8).withUnsafeBufferPointer { here in
            Array(right.utf8).withUnsafeBufferPointer { there in byteOrder(of: here, there) }
        }
    }

    private static func byteOrder(of left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        let shared = min(left.count, right.count)
        var index = 0
        while index < shared, left[index] == right[index] { index += 1 }
        guard index < shared else { return left.count - right.count }
        return rank(left[index]) - rank(right[index])
    }

    private static func rank(_ byte: UInt8) -> Int { byte == UInt8(ascii: "/") ? -1 : Int(byte) }
}
