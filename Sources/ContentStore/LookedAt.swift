// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// All files and folders that a command looked at on its way to an answer, each as it was at the first look.
///
/// While one is `current`, the operations of `Files` and of a `FileSystem` note every path that they ask about with
/// what was said of it, so that whatever comes to be read in the future is noted too. Where all of it is so again, the
/// same question has the same answer. What two looks at one place found different, somebody has changed meanwhile:
/// then nothing can be said.
package final class LookedAt: Sendable {
    /// Where to note what is looked at; none where no answer is to be kept.
    @TaskLocal package static var current: LookedAt?

    package struct Place: Hashable, Sendable {
        package let path: FilePath
        package let followsLink: Bool
    }

    private struct Notes {
        /// `nil` where there was nothing.
        var looks: [Place: FileStatus?] = [:]
        /// What was found below folders: many names, each as a rule noted once, so that they are only gathered.
        var listings: [(folder: FilePath, names: [String], looks: [Result<FileStatus?, StoreError>])] = []
        var isIncomplete = false

        mutating func note(_ place: Place, _ status: FileStatus?) {
            if let known = looks.updateValue(status, forKey: place), known != status { isIncomplete = true }
        }
    }

    private let clock: any FileClock
    private let notes = Mutex(Notes())

    /// - Parameter clock: made when the command began.
    package init(clock: any FileClock = SystemFileClock()) {
        self.clock = clock
    }

    package func note(_ path: FilePath, followsLink: Bool = true, as status: FileStatus?) {
        notes.withLock { $0.note(Place(path: path, followsLink: followsLink), status) }
    }

    /// Notes what was found below a folder under these names, in their order.
    package func note(_ names: [String], as looks: [Result<FileStatus?, StoreError>], in folder: FilePath) {
        notes.withLock { $0.listings.append((folder, names, looks)) }
    }

    /// Says that the answer also depends on something that cannot be looked at again, such as what a program said.
    package func noteWhatCannotBeSeen() {
        notes.withLock { $0.isIncomplete = true }
    }

    /// What the file system said of all that was noted.
    ///
    /// It is `nil` where something cannot be looked at again, changed meanwhile, or could change without a trace.
    package func settledLooks() -> [FileLook]? {
        var notes = notes.withLock { $0 }
        for (folder, names, looks) in notes.listings {
            for (name, look) in zip(names, looks) {
                guard case .success(let status) = look else { return nil }
                let path = folder.appending(name)
                // What was said of a link was said since it leads nowhere.
                notes.note(Place(path: path, followsLink: true), status?.kind == .link ? nil : status)
                if status?.kind == .link { notes.note(Place(path: path, followsLink: false), status) }
            }
        }
        guard !notes.isIncomplete else { return nil }
        var looks: [FileLook] = []
        looks.reserveCapacity(notes.looks.count)
        for (place, status) in notes.looks {
            if let status, !clock.isSettled(status, at: place.path) { return nil }
            looks.append(FileLook(place: place, numbers: FileLookNumbers(status)))
        }
        return looks
    }

    /// Nanoseconds since 1970, by this machine's clock; for what is told to people, and for nothing else.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// What the file system said of one place.
package struct FileLook: Hashable, Sendable {
    package let place: LookedAt.Place
    package let numbers: FileLookNumbers
}

/// The numbers by which a change is noticed; all of them 0 where there is nothing.
package struct FileLookNumbers: Hashable, Sendable {
    var kind: UInt64 = 0
    var byteCount: Int64 = 0
    var device: UInt64 = 0
    var inode: UInt64 = 0
    /// Nanoseconds since 1970.
    var modificationTime: Int64 = 0
    var changeTime: Int64 = 0

    package init(_ status: FileStatus?) {
        guard let status else { return }
        kind =
            switch status.kind {
            case .file: 1
            case .folder: 2
            case .link: 3
            case .other: 4
            }
        byteCount = Int64(status.byteCount)
        device = status.device
        inode = status.inode
        modificationTime = status.modificationTime
        changeTime = status.changeTime
    }

    /// As they are now; `nil` where the file system refuses to say.
    init?(at path: UnsafePointer<CChar>, followsLink: Bool) {
        var status = stat()
        if (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 {
            self.init(FileStatus(status))
        } else {
            guard errno == ENOENT || errno == ENOTDIR else { return nil }
            self.init(nil)
        }
    }
}
