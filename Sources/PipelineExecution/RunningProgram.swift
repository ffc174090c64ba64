// SPDX-License-Identifier: Apache-2.0

import CPlatform
package import ContentStore
import Synchronization
package import SystemPackage

/// The program that this process runs, whatever lies at its place by now.
package final class RunningProgram: Sendable {
    /// The kernel's link to the file that this process runs, also where that was replaced or removed since.
    package static let link: FilePath = "/proc/self/exe"

    /// What starts it once more.
    package let executable: FilePath
    /// What the file system said of it when this was made; `nil` where it said nothing.
    package let status: FileStatus?
    private let known = Mutex<Digest?>(nil)

    /// - Parameter executable: the link, or where there is none the path that the program was started from.
    package init(at executable: FilePath) {
        self.executable = executable
        status = LookedAt.$current.withValue(nil) { try? Files.status(executable) }
    }

    /// Hashes the program's file at most once, and not at all where that is remembered.
    ///
    /// - Parameter statCache: where digests of files are remembered.
    /// - Throws: `StoreError`; a `ToolFailure` where another file lies at the path by now.
    package func identity(rememberedIn statCache: FilePath) throws -> ProgramIdentity {
        guard let status else {
            throw StoreError.cannot(action: "look at the program", path: executable, reason: .noSuchFileOrDirectory)
        }
        let found = try known.withLock { known in
            if let known { return known }
            let digest = try LookedAt.$current.withValue(nil) { try hashed(status, rememberedIn: statCache) }
            known = digest
            return digest
        }
        return ProgramIdentity(digest: found, status: status)
    }

    /// Whether this program is the one that gave an order: the same file untouched, or the same bytes.
    package func isSame(as other: ProgramIdentity) throws(StoreError) -> Bool {
        if let status, status == other.status { return true }
        return try FileDigest(ofFileAt: executable).digest == other.digest
    }

    private func hashed(_ status: FileStatus, rememberedIn statCache: FilePath) throws -> Digest {
        var memory = StatCache(at: statCache)
        let digest = try memory.digest(ofFileAt: executable, status: status).bytes.digest
        // The link leads to the file that runs; what lies at a path may be another one by now.
        guard try executable == Self.link || Files.status(executable) == status else { throw ProgramIdentity.replaced }
        // Remembering is a convenience.
        try? memory.save()
        return digest
    }

    /// Gives this process a name in lists of processes; to be called on its first thread.
    package static func takeName(_ name: String) {
        reprise_name_thread(name)
    }
}
