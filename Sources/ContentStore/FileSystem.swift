// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// What observers ask a file system.
///
/// Each answer is a snapshot: between any two calls another process can change anything.
package protocol FileSystem: Sendable {
    /// The status of what a path leads to, or of a link itself; `nil` where there is nothing.
    func status(of path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus?

    /// What a path leads to or, where that is nothing, the link itself, for each of these names below a folder.
    func statuses(of names: [String], in folder: FilePath) -> [Result<FileStatus?, StoreError>]

    /// What a folder holds and is not hidden; a name that is no text is an error.
    func listing(of folder: FilePath) throws(StoreError) -> ListedFolder

    /// Opens a plain file to be read; whatever else lies there is an error, and is not waited for.
    func open(_ path: FilePath) throws(StoreError) -> any OpenFile

    /// By what clock files are dated.
    var clock: any FileClock { get }
}

extension FileSystem {
    /// The status of what a path leads to, or of a link itself, noted as looked at; `nil` where there is nothing.
    package func look(at path: FilePath, followsLink: Bool = true) throws(StoreError) -> FileStatus? {
        do throws(StoreError) {
            let status = try status(of: path, followsLink: followsLink)
            LookedAt.current?.note(path, followsLink: followsLink, as: status)
            return status
        } catch {
            LookedAt.current?.noteWhatCannotBeSeen()
            throw error
        }
    }
}

/// A folder as one reading of it found it.
package struct ListedFolder: Sendable {
    /// As far as a folder says of what it holds.
    package enum EntryType: Sendable {
        case file
        case folder
        /// A link, or something else, or the file system keeps it to itself.
        case unknown
    }

    /// From before it was read.
    package let status: FileStatus
    /// In no order.
    package let entries: [(name: String, type: EntryType)]

    package init(status: FileStatus, entries: [(name: String, type: EntryType)]) {
        self.status = status
        self.entries = entries
    }
}

/// A plain file that is open to be read from its beginning.
package protocol OpenFile: AnyObject {
    /// The status of the file that is open, whatever its path leads to by now.
    func status() throws(StoreError) -> FileStatus

    /// The next bytes; how many, and 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int
}

/// What is known of the clock by which a file system sets the times of its files.
///
/// It need not be the clock of this process: an NFS server uses its own, and a process can be given a wrong time.
package protocol FileClock: Sendable {
    /// What the status of this file is worth.
    func trust(in status: FileStatus, at path: FilePath) -> StatusTrust

    /// A time that only goes forward while a machine is up; `nil` where there is none.
    var uptime: Uptime? { get }
}

/// What the status of a file says of its bytes.
package enum StatusTrust: Hashable, Sendable {
    /// Whatever changes the file changes its times too; by the file system's clock, in nanoseconds since 1970, the
    /// command began then.
    case since(Int64)
    /// Whatever changes the file changes its times too; what time it is there is not known.
    case clockUnknown
    /// The bytes can change without the times.
    case none
}

/// Nanoseconds since a machine was started, and which start that was.
package struct Uptime: Hashable, Sendable {
    package let start: UInt64
    package let nanoseconds: Int64

    package init(start: UInt64, nanoseconds: Int64) {
        self.start = start
        self.nanoseconds = nanoseconds
    }
}

extension FileClock {
    /// Whether any change of a file from the beginning of the command on makes its status another.
    ///
    /// That is so of a file that was last changed more than two seconds before: so coarse are the coarsest time stamps
    /// still in use, those of FAT.
    package func isSettled(_ status: FileStatus, at path: FilePath) -> Bool {
        guard case .since(let beginning) = trust(in: status, at: path) else { return false }
        return max(status.modificationTime, status.changeTime) < beginning &- FileTimes.coarseness
    }
}

/// Facts about time stamps.
package enum FileTimes {
    /// Two seconds, in nanoseconds.
    package static let coarseness: Int64 = 2_000_000_000
}
