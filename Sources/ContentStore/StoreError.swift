// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// A file operation that the cache's disk refused, or an object that is not what its name says.
package enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannot(action: String, path: FilePath, reason: Errno)
    case damaged(object: Digest, path: FilePath)
    case absent(object: Digest)
    /// A file that is written to all the time, so that nobody can say what it holds.
    case changing(path: FilePath)
    /// The task that read a file was cancelled.
    case interrupted
    /// Below a cache's folder nothing may be a link, and this is one that cannot be passed over.
    case link(path: FilePath)

    package var description: String {
        switch self {
        case .cannot(let action, let path, let reason):
            "cannot \(action) '\(path)': \(reason.description.lowercasedFirst)"
        case .damaged(let object, let path):
            "object \(object.abbreviated) is damaged: '\(path)' does not hold the bytes that its name promises"
        case .absent(let object):
            "object \(object.abbreviated) is not in the cache"
        case .changing(let path):
            "cannot read '\(path)': it changed each time that it was read"
        case .interrupted: "interrupted"
        case .link(let path):
            "'\(path)' is a link; nothing below a cache may be one"
        }
    }

    package var hint: String? {
        switch self {
        case .link:
            "remove it; for a cache on another disk, make the whole cache's folder a link, or name it with '--cache'"
        case .cannot(let action, _, reason: .permissionDenied) where action != "read" && action != "look at":
            "it may belong to somebody else, who can let you write there; '--cache' names a cache of your own"
        default: nil
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
