// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A folder of its own under the system's one for temporary files (TMPDIR), or a folder in it.
struct TemporaryFolder {
    let url: URL

    private static let prefix = "reprise-benchmarks-"

    /// Named after this process; those of processes that are gone are removed, since an interrupted run leaves its own.
    init() throws {
        let place = FileManager.default.temporaryDirectory
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name.hasPrefix(Self.prefix) {
            guard let process = pid_t(name.dropFirst(Self.prefix.count)), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: place.appendingPathComponent(name))
        }
        url = place.appendingPathComponent(Self.prefix + String(getpid()))
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    private init(_ url: URL) { self.url = url }

    /// A new, empty folder in this one; what had its name is gone.
    func folder(_ name: String) throws -> TemporaryFolder {
        let folder = TemporaryFolder(url.appendingPathComponent(name))
        folder.remove()
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: false)
        return folder
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    func remove() {
        try? FileManager.default.removeItem(at: url)
    }
}
