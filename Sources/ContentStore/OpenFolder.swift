// SPDX-License-Identifier: Apache-2.0

import CPlatform
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A descriptor of a folder, through which what lies in it is reached; closed when nobody has it any more.
final class OpenFolder: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

/// The folders of the caches that this process works with, each opened once, as long as the same folder is there.
enum OpenRoots {
    private struct Root {
        let path: FilePath
        let folder: OpenFolder
        let device: UInt64
        let inode: UInt64
    }

    /// Commands work with one cache or two; tests with many.
    private static let maximumCount = 8

    // An array: the runtime would build the type of a dictionary first, and a kept answer is given before that.
    private static let known = Mutex<[Root]>([])

    /// The folder that is there now.
    static func folder(_ path: FilePath) throws(Errno) -> OpenFolder {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
        let (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(status.st_ino))
        let found = known.withLock { roots in
            roots.first { $0.path == path && $0.device == device && $0.inode == inode }?.folder
        }
        if let found { return found }
        return try opened(path)
    }

    private static func opened(_ path: FilePath) throws(Errno) -> OpenFolder {
        let descriptor = path.withPlatformString { reprise_open_folder($0) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let folder = OpenFolder(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
        let root = Root(
            path: path, folder: folder, device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(status.st_ino))
        known.withLock { roots in
            roots.removeAll { $0.path == path }
            if roots.count >= maximumCount { roots.removeFirst() }
            roots.append(root)
        }
        return folder
    }
}
