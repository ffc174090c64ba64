// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What lies below a folder of a cache, as far as it can be seen: folders that lie very deep, or that may not be read,
/// are passed over.
package struct TreeSummary: Hashable, Sendable {
    /// So many folders are open at once.
    ///
    /// Nobody who means well nests deeper.
    private static let maximumDepth = 64

    /// Of all plain files.
    package private(set) var byteCount = 0
    /// When anything was last written to, in nanoseconds since 1970.
    package private(set) var newestTime: Int64
    /// Whether there is anything but folders.
    package private(set) var holdsFile = false

    /// `nil` where there is nothing.
    package init?(of path: CachePath) throws(StoreError) {
        guard let status = try Files.status(path) else { return nil }
        newestTime = status.modificationTime
        guard status.kind == .folder else {
            add(status)
            return
        }
        guard let descriptor = try? path.openedToRead(O_DIRECTORY), let stream = try? FolderStream(descriptor) else {
            return
        }
        add(stream, depth: 0)
    }

    private mutating func add(_ status: FileStatus) {
        newestTime = max(newestTime, status.modificationTime)
        guard status.kind != .folder else { return }
        holdsFile = true
        if status.kind == .file { byteCount = byteCount.addingReportingOverflow(status.byteCount).partialValue }
    }

    private mutating func add(_ folder: borrowing FolderStream, depth: Int) {
        for name in (try? folder.entries()) ?? [] {
            guard let status = folder.status(of: name) else { continue }
            add(status)
            guard status.kind == .folder, depth < Self.maximumDepth, let below = folder.opened(name) else { continue }
            add(below, depth: depth + 1)
        }
    }
}

extension FolderStream {
    /// A folder in this one; `nil` where it is gone, or may not be read.
    borrowing func opened(_ name: FilePath.Component) -> FolderStream? {
        let descriptor = name.withPlatformString {
            openat(self.descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        }
        return descriptor < 0 ? nil : try? FolderStream(descriptor)
    }

    /// Whether a plain file below this folder holds any bytes, but for those of these names, relative to the first
    /// folder; what lies very deep counts as if it did.
    borrowing func holdsBytes(besides names: Set<String>, prefix: String = "", depth: Int = 0) -> Bool {
        guard depth < 64 else { return true }
        for entry in (try? entries()) ?? [] {
            guard let status = status(of: entry) else { continue }
            switch status.kind {
            case .file: if status.byteCount > 0, !names.contains(prefix + entry.string) { return true }
            case .folder:
                guard let below = opened(entry) else { continue }
                if below.holdsBytes(besides: names, prefix: prefix + entry.string + "/", depth: depth + 1) {
                    return true
                }
            case .link, .other: continue
            }
        }
        return false
    }
}

extension Files {
    /// Whether a plain file below a folder of a cache holds any bytes, but for those of these names.
    package static func holdsBytes(below folder: CachePath, besides names: Set<String>) -> Bool {
        guard let descriptor = try? folder.openedToRead(O_DIRECTORY), let stream = try? FolderStream(descriptor)
        else { return false }
        return stream.holdsBytes(besides: names)
    }
}
