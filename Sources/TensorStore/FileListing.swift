// SPDX-License-Identifier: Apache-2.0

import CHDF5

/// Every dataset and group of a file, each in byte order; committed types are passed over, since they hold no values.
struct FileListing {
    private(set) var datasets: [String] = []
    private(set) var groups: [String] = []

    private let path: String

    /// Groups met so far, to find a second name of one.
    private var identities: Set<Identity> = []

    /// Deeper nesting is refused, since names grow with depth.
    private static let depthLimit = 64

    /// Lists `file`; call inside `HDF5.locked`.
    init(of file: hid_t, path: String) throws {
        self.path = path
        try addIdentity(try describe(".", in: file, name: ""), name: "")
        var unvisited = [(name: "", depth: 0)]
        while let group = unvisited.popLast() {
            for child in try visit(group.name, in: file, depth: group.depth) {
                unvisited.append((name: child, depth: group.depth + 1))
            }
        }
        datasets.sort { $0.precedesInBytes($1) }
        groups.sort { $0.precedesInBytes($1) }
    }

    /// Adds what one group holds and returns the groups among it.
    private mutating func visit(_ name: String, in file: hid_t, depth: Int) throws -> [String] {
        if depth > Self.depthLimit { throw unsupported(name, "groups are nested more than \(Self.depthLimit) deep") }
        let group = try Identifier(H5Oopen(file, name.isEmpty ? "/" : name, reprise_h5_default())) {
            failure(name, $0)
        }
        var children: [String] = []
        for link in try links(of: group.value, name) {
            let child = name.isEmpty ? link : "\(name)/\(link)"
            let object = try describe(link, in: group.value, name: child)
            switch object.type {
            case H5O_TYPE_DATASET:
                datasets.append(child)
            case H5O_TYPE_GROUP:
                try addIdentity(object, name: child)
                groups.append(child)
                children.append(child)
            default: break
            }
        }
        return children
    }

    private func links(of group: hid_t, _ name: String) throws -> [String] {
        var found = LinkList()
        try withUnsafeMutablePointer(to: &found) { found in
            _ = try HDF5.check(
                reprise_h5_visit_links(
                    group,
                    { link, kind, context in
                        guard let link, let list = context?.assumingMemoryBound(to: LinkList.self) else { return -1 }
                        return list.pointee.append(link, kind)
                    }, found)
            ) { failure(name, $0) }
        }
        if found.names.hasInvalidUTF8 { throw unsupported(name, "a name in it is not UTF-8") }
        if let link = found.otherLink { throw unsupported(name, "'\(link)' is a soft, external or user-defined link") }
        if let link = found.names.names.first(where: { $0.isEmpty || $0 == "." || $0.utf8.contains(0x2F) }) {
            throw unsupported(name, "'\(link)' is no name")
        }
        return found.names.names
    }

    private func describe(_ link: String, in group: hid_t, name: String) throws -> reprise_h5_object {
        var object = reprise_h5_object()
        try HDF5.check(reprise_h5_describe_object(group, link, &object)) { failure(name, $0) }
        return object
    }

    private mutating func addIdentity(_ object: reprise_h5_object, name: String) throws {
        let identity = Identity(low: object.identity.0, high: object.identity.1)
        if !identities.insert(identity).inserted { throw unsupported(name, "the group has two names") }
    }

    private func failure(_ object: String, _ reason: String) -> TensorFileError {
        .cannotRead(file: path, object: object, reason: reason)
    }

    private func unsupported(_ object: String, _ reason: String) -> TensorFileError {
        .unsupported(file: path, object: object, reason: reason)
    }

    private struct Identity: Hashable {
        let low: UInt64
        let high: UInt64
    }
}

/// The links of one group, collected by a callback from C.
private struct LinkList {
    var names = NameList()

    /// The first link that is no hard link.
    var otherLink: String?

    mutating func append(_ name: UnsafePointer<CChar>, _ kind: Int32) -> Int32 {
        if kind == 0 { return names.append(name) }
        otherLink = String(cString: name)
        return 1
    }
}
