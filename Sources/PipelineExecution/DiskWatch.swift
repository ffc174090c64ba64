// SPDX-License-Identifier: Apache-2.0

import CPlatform
import ContentStore
import Dispatch
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Looks at the disks that stages write to for as long as any stage runs, and knows when each was full last.
///
/// A program that ignores the error of a full disk, and ends well, has written something else than it says. One that
/// fills a disk and frees it again within less than the time between two looks is not noticed.
final class DiskWatch: Sendable {
    private let looks = DiskLooks()

    deinit { looks.close() }

    /// Watches the disks of some places, which may not be there yet, until the value is told that it is enough.
    func watch(_ places: [FilePath]) -> WatchedDisks {
        looks.begin(places)
        return WatchedDisks(places: places, looks: looks)
    }
}

/// The disks that one stage writes to.
struct WatchedDisks: Sendable {
    /// The first is the attempt's folder.
    fileprivate let places: [FilePath]
    fileprivate let looks: DiskLooks
    private let start = ContinuousClock.now

    fileprivate init(places: [FilePath], looks: DiskLooks) {
        self.places = places
        self.looks = looks
    }

    func end() { looks.end(places) }

    /// Throws a `StageFailure` where one of the disks is full, was since the stage began, or takes nothing more.
    func check() throws(StageFailure) {
        try checkRoom()
        guard let folder = places.first else { return }
        if let reason = refusal(in: folder) { throw .diskFull(FullDisk(place: folder, cause: .refuses(reason))) }
        if let file = longestFile(in: folder) { throw .diskFull(FullDisk(place: file, cause: .longestFile)) }
    }

    /// As above, by what the disks say of themselves.
    func checkRoom() throws(StageFailure) {
        for place in places {
            if DiskRoom(at: place)?.isFull == true { throw .diskFull(FullDisk(place: place, cause: .isFull)) }
            if let moment = looks.lastFull(place), moment >= start {
                throw .diskFull(FullDisk(place: place, cause: .wasFull))
            }
        }
    }

    /// Why a disk with room does not take a block: quotas are told to nobody who only looks.
    private func refusal(in folder: FilePath) -> Errno? {
        let file = folder.appending(".room")
        do throws(StoreError) {
            try Files.write([UInt8](repeating: 0, count: 4096), toNew: file)
            // Elsewhere the call that writes is the one that is refused, and waiting for the disk takes long.
            if DiskRoom(at: folder)?.isRemote == true { try Files.sync(file) }
            try Files.remove(file)
            return nil
        } catch {
            if case .cannot(_, _, let reason) = error { return reason }
            return .ioError
        }
    }

    /// A file with the greatest length that this process and its children may give one, where there is a limit.
    private func longestFile(in folder: FilePath) -> FilePath? {
        var limit = rlimit()
        #if canImport(Darwin)
            let kind = RLIMIT_FSIZE
        #else
            let kind = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        #endif
        guard getrlimit(kind, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
        return Self.file(ofLength: Int(limit.rlim_cur), below: folder)
    }

    private static func file(ofLength length: Int, below folder: FilePath) -> FilePath? {
        for entry in (try? Files.entries(in: folder)) ?? [] {
            let path = folder.appending(entry)
            guard let status = try? Files.linkStatus(path) else { continue }
            if status.kind == .file, status.byteCount >= length { return path }
            if status.kind == .folder, let found = file(ofLength: length, below: path) { return found }
        }
        return nil
    }
}

/// The thread that looks.
private final class DiskLooks: Sendable {
    /// Microseconds between two looks.
    private static let pause: UInt32 = 10_000

    private struct State {
        /// How many stages write to each place.
        var counts: [FilePath: Int] = [:]
        var lastFull: [FilePath: ContinuousClock.Instant] = [:]
        var isStarted = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    func begin(_ places: [FilePath]) {
        let isFirst = state.withLock { state in
            for place in places { state.counts[place, default: 0] += 1 }
            defer { state.isStarted = true }
            return !state.isStarted
        }
        if isFirst { SystemThread.start { self.look() } } else { wake.signal() }
    }

    func end(_ places: [FilePath]) {
        state.withLock { state in
            for place in places {
                let count = (state.counts[place] ?? 1) - 1
                state.counts[place] = count > 0 ? count : nil
                if count <= 0 { state.lastFull[place] = nil }
            }
        }
    }

    func lastFull(_ place: FilePath) -> ContinuousClock.Instant? { state.withLock { $0.lastFull[place] } }

    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    private func look() {
        reprise_name_thread("disk-watch")
        while true {
            let (places, isClosed) = state.withLock { (Array($0.counts.keys), $0.isClosed) }
            if isClosed { return }
            for place in places where DiskRoom(at: place)?.isFull == true { note(place) }
            if places.isEmpty { wake.wait() } else { usleep(Self.pause) }
        }
    }

    private func note(_ place: FilePath) {
        state.withLock { state in
            if state.counts[place] != nil { state.lastFull[place] = .now }
        }
    }
}
