// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Why an archive could not be written or is not to be read.
package enum ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case store(StoreError)
    /// A file had another length when it was read than when it was looked at.
    case changed(path: FilePath)
    /// An archive had another length at the end of reading it than at the beginning.
    case changedWhileRead(path: FilePath)
    /// The archive is cut short, damaged, or holds what no archive of ours does; `offset` counts bytes from 0.
    case malformed(path: FilePath, offset: Int, reason: String)

    package var description: String {
        switch self {
        case .store(let error): error.description
        case .changed(let path): "'\(path)' changed while it was packed"
        case .changedWhileRead(let path): "the archive '\(path)' changed while it was read"
        case .malformed(let path, let offset, let reason):
            "the archive '\(path)' is damaged at byte \(offset): \(reason)"
        }
    }
}
