// SPDX-License-Identifier: Apache-2.0

import CPlatform
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A place in a cache, which is reached without following any link below the cache's folder.
///
/// The folder itself may be a link, since the user named it. Whoever can write to a cache could plant links in it, so
/// that a path could lead anywhere; the operations of `Files` on these places open folder after folder instead.
package struct CachePath: Hashable, Sendable, CustomStringConvertible {
    package let root: FilePath
    /// Without `..`; empty for the root.
    private let relative: FilePath

    package init(root: FilePath) {
        self.init(root: root.isEmpty ? FilePath(".") : root, relative: FilePath())
    }

    /// A file in a folder that counts as a cache's.
    package init(ofFileAt path: FilePath) {
        let name = path.lastComponent.map { FilePath().appending($0) } ?? FilePath()
        let folder = path.removingLastComponent()
        self.init(root: folder.isEmpty ? FilePath(".") : folder, relative: name)
    }

    private init(root: FilePath, relative: FilePath) {
        self.root = root
        self.relative = relative
    }

    package func appending(_ name: String) -> CachePath {
        CachePath(root: root, relative: relative.appending(name))
    }

    package func appending(_ name: FilePath.Component) -> CachePath {
        CachePath(root: root, relative: relative.appending(name))
    }

    /// The folder that it lies in; of the root, the root.
    package var folder: CachePath { CachePath(root: root, relative: relative.removingLastComponent()) }

    package var name: FilePath.Component? { relative.lastComponent }

    package var isRoot: Bool { relative.isEmpty }

    /// For messages, and for programs that are handed a path.
    package var filePath: FilePath {
        if relative.isEmpty { return root }
        return root == FilePath(".") ? relative : root.pushing(relative)
    }

    package var description: String { filePath.string }
}

extension CachePath {
    /// Whether a look that fails for this reason found nothing there, or a link or a file in a folder's place.
    package static func isNothing(_ reason: Errno) -> Bool {
        reason == .noSuchFileOrDirectory || reason == .notDirectory || reason == .tooManySymbolicLinkLevels
    }

    /// The folder itself, to reach what lies in it.
    func opened() throws(Errno) -> OpenFolder {
        let root = try OpenRoots.folder(root)
        if relative.isEmpty { return root }
        let descriptor = relative.withPlatformString { reprise_open_folder_beneath(root.descriptor, $0) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return OpenFolder(descriptor)
    }

    /// A descriptor to read from, which the caller closes; a pipe is not waited for.
    package func openedToRead(_ flags: Int32 = 0) throws(Errno) -> Int32 {
        let root = try OpenRoots.folder(root)
        let path = relative.isEmpty ? FilePath(".") : relative
        let descriptor = path.withPlatformString { reprise_open_beneath(root.descriptor, $0, flags) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return descriptor
    }

    /// A descriptor of a plain file, which the caller closes; `nil` where there is nothing or something else.
    package func openedFile() throws(Errno) -> (descriptor: Int32, status: FileStatus)? {
        let descriptor: Int32
        do throws(Errno) {
            descriptor = try openedToRead()
        } catch {
            // A socket cannot be opened.
            if Self.isNothing(error) || error == .noSuchAddressOrDevice { return nil }
            throw error
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = Errno(rawValue: errno)
            close(descriptor)
            throw reason
        }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
            close(descriptor)
            return nil
        }
        return (descriptor, FileStatus(status))
    }

    /// Asks the system for something by the folder that this lies in and its name there; the reason where it refuses.
    package func reason(_ call: (_ folder: Int32, _ name: UnsafePointer<CChar>) -> Int32) -> Errno? {
        guard let name else { return .invalidArgument }
        do throws(Errno) {
            let folder = try self.folder.opened()
            return withExtendedLifetime(folder) {
                name.withPlatformString { call(folder.descriptor, $0) == 0 ? nil : Errno(rawValue: errno) }
            }
        } catch {
            return error
        }
    }

    /// Notes what was found there; `nil` for nothing, or a link on the way.
    func noteLook(_ status: FileStatus?) {
        LookedAt.current?.note(filePath, followsLink: isRoot, as: status)
    }

    /// What to throw; a link on the way is named where it is the reason.
    package func fault(_ action: String, _ reason: Errno) -> StoreError {
        if reason == .notDirectory || reason == .tooManySymbolicLinkLevels, let link = firstLink {
            return .link(path: link.filePath)
        }
        return .cannot(action: action, path: filePath, reason: reason)
    }

    /// The first part of the way from the root that is a link.
    private var firstLink: CachePath? {
        var place = CachePath(root: root)
        for name in relative.components {
            place = place.appending(name)
            var status = stat()
            guard place.reason({ fstatat($0, $1, &status, AT_SYMLINK_NOFOLLOW) }) == nil else { return nil }
            if status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK) { return place }
        }
        return nil
    }
}
