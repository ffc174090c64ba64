// SPDX-License-Identifier: Apache-2.0

import CPlatform
import ContentStore
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Takes what a command prints into its log.
///
/// The command writes the log's file itself, unless secrets must be kept out of it or somebody wants to see each line
/// as it comes; then a thread stands between the two.
final class CommandOutput: Sendable {
    /// A line without an end is passed on in pieces of this length.
    private static let pieceByteCount = 1 << 16

    /// What the command is handed to print to.
    let descriptor: Int32
    private let pump: Pump?

    init(log: FilePath, mask: SecretMask, onLine: (@Sendable (String) -> Void)?) throws(StoreError) {
        let file = log.withPlatformString { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
        guard file >= 0 else { throw .cannot(action: "write", path: log, reason: Errno(rawValue: errno)) }
        if mask.isEmpty, onLine == nil {
            descriptor = file
            pump = nil
            return
        }
        var (ends, signals): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard reprise_pipe(&ends) == 0, reprise_pipe(&signals) == 0 else {
            let reason = Errno(rawValue: errno)
            for end in ends + [file] where end >= 0 { close(end) }
            throw .cannot(action: "make a pipe for", path: log, reason: reason)
        }
        descriptor = ends[1]
        pump = Pump(source: ends[0], stop: signals, log: file, mask: mask, onLine: onLine)
    }

    /// Lets go of the command's end, once the command has it.
    func commandHasStarted() {
        close(descriptor)
    }

    /// Waits until all that the command printed is in its log; what outlives the command is not waited for.
    ///
    /// - Returns: why the log lacks something; where the command writes to it itself, nobody else learns that.
    func finish() async -> Errno? {
        await pump?.finish()
    }

    /// The thread between the command and its log.
    private final class Pump: Sendable {
        private let source: Int32
        private let stop: [Int32]
        private let log: Int32
        private let mask: SecretMask
        private let onLine: (@Sendable (String) -> Void)?
        private let ended: AsyncStream<Void>
        private let fault = Mutex<Errno?>(nil)

        init(
            source: Int32, stop: [Int32], log: Int32, mask: SecretMask, onLine: (@Sendable (String) -> Void)?
        ) {
            self.source = source
            self.stop = stop
            self.log = log
            self.mask = mask
            self.onLine = onLine
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            self.ended = ended
            SystemThread.start { [self] in
                run()
                for descriptor in [source, stop[0], log] { close(descriptor) }
                end.finish()
            }
        }

        func finish() async -> Errno? {
            close(stop[1])
            for await _ in ended {}
            return fault.withLock { $0 }
        }

        private func run() {
            var pending: [UInt8] = []
            while let piece = next() {
                pending += piece
                pass(&pending, isLast: false)
            }
            pass(&pending, isLast: true)
        }

        /// What was printed next; `nil` at the end, or where nothing is left once the command has ended.
        private func next() -> [UInt8]? {
            var waits = [
                pollfd(fd: source, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop[0], events: Int16(POLLIN), revents: 0),
            ]
            while poll(&waits, 2, -1) < 0, errno == EINTR {}
            guard waits[0].revents != 0 else { return nil }
            var buffer = [UInt8](repeating: 0, count: CommandOutput.pieceByteCount)
            var count = read(source, &buffer, buffer.count)
            while count < 0, errno == EINTR { count = read(source, &buffer, buffer.count) }
            return count > 0 ? Array(buffer[..<count]) : nil
        }

        /// Passes whole lines on, all at the end, and of a line without an end all but what may begin a secret.
        private func pass(_ pending: inout [UInt8], isLast: Bool) {
            let lineEnd = pending.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            var ready: [UInt8]
            if isLast {
                ready = mask.masked(pending)
                pending = []
            } else if lineEnd == 0, pending.count > CommandOutput.pieceByteCount {
                ready = mask.masked(pending)
                pending = Array(ready.suffix(max(0, mask.longestCount - 1)))
                ready.removeLast(pending.count)
            } else {
                ready = mask.masked(Array(pending[..<lineEnd]))
                pending.removeFirst(lineEnd)
            }
            guard !ready.isEmpty else { return }
            write(ready)
            guard let onLine else { return }
            for line in ready.split(separator: UInt8(ascii: "\n")) { onLine(String(decoding: line, as: UTF8.self)) }
        }

        /// After the first failure nothing more is written: a log with a hole in it is worse than one that ends.
        private func write(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty, fault.withLock({ $0 }) == nil {
                let count = rest.withUnsafeBytes { platformWrite(log, $0) }
                let reason = Errno(rawValue: errno)
                if count < 0, reason != .interrupted { fault.withLock { $0 = reason } }
                rest = rest.dropFirst(max(0, count))
            }
        }
    }
}

private func platformWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
