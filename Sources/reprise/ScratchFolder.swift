// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A folder among the system's temporary ones that goes with this process.
///
/// Its process holds a lock of the kernel's on a file in it, which ends with the process: a folder whose lock nobody
/// holds is a dead one's, and is removed when the next of its kind is made.
struct ScratchFolder {
    private static let lockName = "alive"

    let path: FilePath
    private let descriptor: Int32

    /// - Parameter kind: the same word for folders that clear up after one another.
    init(_ kind: String) throws(StoreError) {
        let parent = FilePath(ProcessEnvironment.value(of: "TMPDIR") ?? "/tmp")
        Self.removeDead(kind, in: parent)
        path = Files.temporarySibling(of: parent.appending(kind))
        try Files.makeFolder(path)
        let lock = path.appending(Self.lockName)
        descriptor = lock.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .cannot(action: "lock", path: lock, reason: Errno(rawValue: errno))
        }
    }

    func remove() {
        try? Files.removeTree(path)
        close(descriptor)
    }

    /// One that is just being made has no lock file yet, and one that is not ours cannot be removed: both stay.
    private static func removeDead(_ kind: String, in parent: FilePath) {
        for name in (try? Files.names(in: parent)) ?? [] where name.hasPrefix(".\(kind).") {
            let lock = parent.appending(name).appending(lockName)
            let descriptor = lock.withPlatformString { open($0, O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? Files.removeTree(parent.appending(name)) }
            close(descriptor)
        }
    }
}
