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

/// All files and folders that a command looked at on its way to an answer.
///
/// While one is `current`, the operations of `Files` note every path that they ask the file system about, so that
/// whatever comes to be read in the future is noted too. Where nothing of it has changed since, the same question has
/// the same answer.
package final class LookedAt: Sendable {
    /// Where to note what is looked at; none where no answer is to be kept.
    @TaskLocal package static var current: LookedAt?

    struct Place: Hashable, Sendable {
        let path: FilePath
        let followsLink: Bool
    }

    private struct Notes {
        var places: Set<Place> = []
        /// What folders were found to hold: many names, each as a rule noted once, so that they are only gathered.
        var listings: [(folder: FilePath, names: [String])] = []
        var isIncomplete = false
    }

    /// Two seconds: the coarsest time stamps still in use.
    private static let youth: Int64 = 2_000_000_000

    /// What changed later than this, in nanoseconds since 1970, could change again without a trace.
    private let settledBefore: Int64
    private let notes = Mutex(Notes())

    /// - Parameter beginning: when the command began, in nanoseconds since 1970.
    package init(beginning: Int64 = LookedAt.now()) {
        settledBefore = beginning &- Self.youth
    }

    package func note(_ path: FilePath, followsLink: Bool = true) {
        notes.withLock { _ = $0.places.insert(Place(path: path, followsLink: followsLink)) }
    }

    /// Notes what a folder holds.
    package func note(_ names: [String], in folder: FilePath) {
        notes.withLock { $0.listings.append((folder, names)) }
    }

    /// Says that the answer also depends on something that cannot be looked at again, such as what a program said.
    package func noteWhatCannotBeSeen() {
        notes.withLock { $0.isIncomplete = true }
    }

    /// What the file system says now of all that was noted.
    ///
    /// It is `nil` where something cannot be looked at, or is as young as the command: that may have changed after it
    /// was read.
    func settledLooks() -> [FileLook]? {
        let notes = notes.withLock { $0 }
        guard !notes.isIncomplete else { return nil }
        var places = notes.places
        for (folder, names) in notes.listings {
            for name in names { places.insert(Place(path: folder.appending(name), followsLink: true)) }
        }
        var looks: [FileLook] = []
        looks.reserveCapacity(places.count)
        for place in places {
            guard let look = FileLook(at: place), look.isSettled(before: settledBefore) else { return nil }
            looks.append(look)
        }
        return looks
    }

    /// Nanoseconds since 1970, by this machine's clock.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// What the file system said of one place.
struct FileLook: Equatable {
    let place: LookedAt.Place
    let numbers: FileLookNumbers

    /// Nil where the file system refuses to say.
    init?(at place: LookedAt.Place) {
        guard let numbers = place.path.withPlatformString({ FileLookNumbers(at: $0, followsLink: place.followsLink) })
        else { return nil }
        self.place = place
        self.numbers = numbers
    }

    func isSettled(before moment: Int64) -> Bool {
        max(numbers.modificationTime, numbers.changeTime) < moment
    }
}

/// The numbers by which a change is noticed; all of them 0 where there is nothing.
struct FileLookNumbers: Equatable {
    var mode: UInt64 = 0
    var byteCount: Int64 = 0
    var device: UInt64 = 0
    var inode: UInt64 = 0
    /// Nanoseconds since 1970.
    var modificationTime: Int64 = 0
    var changeTime: Int64 = 0

    init?(at path: UnsafePointer<CChar>, followsLink: Bool) {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return }
            return nil
        }
        mode = UInt64(status.st_mode)
        byteCount = Int64(status.st_size)
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        let times = FileStatus(status)
        (modificationTime, changeTime) = (times.modificationTime, times.changeTime)
    }
}
