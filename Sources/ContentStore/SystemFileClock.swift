// SPDX-License-Identifier: Apache-2.0

import CPlatform
import Synchronization
package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What time it was by the clocks of the file systems when this was made, each found out when it is first asked for.
///
/// A file that is made now and has no name tells the time of its file system, whoever keeps its clock, and changes
/// nothing there. Where no such file can be made, the kernel's clock, which a file in memory tells, is that of the file
/// systems that the kernel itself keeps; of others, such as NFS, it is not known.
package final class SystemFileClock: FileClock {
    private let cache: FilePath?
    /// The kernel's clock, by a file in memory; where there are no such files, as this process is told it.
    private let kernelTime: Int64
    private let beginning = SystemFileClock.uptime()
    private let known = Mutex<[UInt64: StatusTrust]>([:])

    /// - Parameter cache: a folder of this program's own, in which a file with a name may be made for a moment.
    package init(cache: FilePath? = nil) {
        self.cache = cache
        kernelTime = Self.time(ofFile: reprise_memory_file()) ?? LookedAt.now()
    }

    package func trust(in status: FileStatus, at path: FilePath) -> StatusTrust {
        if let known = known.withLock({ $0[status.device] }) { return trust(known, in: status) }
        // What a link leads to may be elsewhere.
        let found = found(status.device, at: status.kind == .link ? Self.folder(of: path) : path)
        known.withLock { $0[status.device] = found }
        return trust(found, in: status)
    }

    package var uptime: Uptime? { Self.uptime() }

    /// Only the bytes of files are written to through memory; what a folder holds is changed by calls that date it.
    private func trust(_ trust: StatusTrust, in status: FileStatus) -> StatusTrust {
        guard trust == .none, status.kind != .file else { return trust }
        return .since(kernelTime)
    }

    private func found(_ device: UInt64, at path: FilePath) -> StatusTrust {
        let fileSystem = path.withPlatformString { reprise_file_system_at($0) }
        if fileSystem == reprise_file_system_in_memory { return .none }
        if let time = timeHere(device, at: path) { return .since(time) }
        return fileSystem == reprise_file_system_of_kernel ? .since(kernelTime) : .clockUnknown
    }

    /// The file system's time at the beginning, from a file that is made on it now.
    private func timeHere(_ device: UInt64, at path: FilePath) -> Int64? {
        guard let beginning, let time = timeNow(device, at: path), let now = Self.uptime() else { return nil }
        return time &- (now.nanoseconds &- beginning.nanoseconds)
    }

    private func timeNow(_ device: UInt64, at path: FilePath) -> Int64? {
        let own = cache.flatMap { Self.device(of: $0) == device ? $0 : nil }
        if let own, let time = Self.time(unnamedIn: own, device) ?? (try? Files.fileTime(in: own)) { return time }
        return Self.time(unnamedIn: path, device) ?? Self.time(unnamedIn: Self.folder(of: path), device)
    }

    private static func folder(of path: FilePath) -> FilePath {
        let folder = path.removingLastComponent()
        return folder.isEmpty ? "." : folder
    }

    private static func device(of path: FilePath) -> UInt64? {
        var status = stat()
        return path.withPlatformString { stat($0, &status) } == 0 ? FileStatus(status).device : nil
    }

    private static func time(unnamedIn folder: FilePath, _ device: UInt64) -> Int64? {
        time(ofFile: folder.withPlatformString { reprise_unnamed_file($0) }, on: device)
    }

    /// When a file that has just been made was made; it is closed.
    private static func time(ofFile descriptor: Int32, on device: UInt64? = nil) -> Int64? {
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let file = FileStatus(status)
        return device == nil || file.device == device ? file.modificationTime : nil
    }

    private static func uptime() -> Uptime? {
        #if canImport(Darwin)
            return nil
        #else
            var time = timespec()
            guard let start = machineStart, clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return nil }
            return Uptime(start: start, nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
        #endif
    }

    /// Which start of the machine this is; `nil` where the kernel does not say.
    private static let machineStart: UInt64? = {
        var text = [UInt8](repeating: 0, count: 64)
        guard let file = try? SystemOpenFile("/proc/sys/kernel/random/boot_id"),
            let count = try? text.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0
        else { return nil }
        return Digest(of: text).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }()
}
