// SPDX-License-Identifier: Apache-2.0

import CPlatform
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Takes what a program prints to one of its streams into memory, and no more of it than is wanted.
final class PrintedOutput: Sendable {
    /// What is kept of an output that is longer than the limit.
    enum Part: Sendable {
        /// Nothing of it: the reading ends, and the program with it.
        case none
        /// Its last bytes.
        case end
    }

    private struct State {
        var bytes: [UInt8] = []
        var isTooLong = false
    }

    /// What the program is handed to print to.
    let descriptor: Int32
    private let source: Int32
    private let stop: [Int32]
    private let limit: Int
    private let part: Part
    private let state = Mutex(State())
    private let ended: AsyncStream<Void>

    /// - Parameters:
    ///   - limit: in bytes.
    ///   - part: of an output beyond the limit.
    ///   - onTooLong: is called where the reading ends for that; never where the end is kept.
    init(limit: Int, keeping part: Part, onTooLong: @escaping @Sendable () -> Void = {}) throws(Errno) {
        var (ends, signals): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard reprise_pipe(&ends) == 0, reprise_pipe(&signals) == 0 else {
            let reason = Errno(rawValue: errno)
            for end in ends where end >= 0 { close(end) }
            throw reason
        }
        (source, descriptor, stop) = (ends[0], ends[1], signals)
        (self.limit, self.part) = (limit, part)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        SystemThread.start { [self] in
            readAll()
            for descriptor in [source, stop[0]] { close(descriptor) }
            if state.withLock({ $0.isTooLong }) { onTooLong() }
            end.finish()
        }
    }

    /// Lets go of the program's end, once the program has it or will not get it.
    func programHasStarted() {
        close(descriptor)
    }

    /// What was printed until now; what outlives the program is not waited for.
    ///
    /// - Returns: `nil` where it was too long.
    func finish() async -> [UInt8]? {
        close(stop[1])
        for await _ in ended {}
        return state.withLock { $0.isTooLong ? nil : $0.bytes }
    }

    private func readAll() {
        // What a pipe can hold at most, so that somebody who goes on printing is not read for ever.
        var rest = 1 << 20
        while true {
            guard let isStopped = wait() else { return }
            guard let piece = piece(), take(piece) else { return }
            if isStopped { rest -= piece.count }
            if rest <= 0 { return }
        }
    }

    /// Waits until there is something to read, and says whether the program has ended; `nil` where it has and nothing
    /// is left.
    private func wait() -> Bool? {
        var waits = [
            pollfd(fd: source, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stop[0], events: Int16(POLLIN), revents: 0),
        ]
        while poll(&waits, 2, -1) < 0, errno == EINTR {}
        return waits[0].revents == 0 ? nil : waits[1].revents != 0
    }

    private func piece() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var count = platformRead(source, &buffer, buffer.count)
        while count < 0, errno == EINTR { count = platformRead(source, &buffer, buffer.count) }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// - Returns: whether more is wanted.
    private func take(_ piece: [UInt8]) -> Bool {
        state.withLock { state in
            state.bytes += piece
            guard state.bytes.count > limit else { return true }
            switch part {
            case .none: (state.bytes, state.isTooLong) = ([], true)
            case .end: state.bytes.removeFirst(state.bytes.count - limit)
            }
            return !state.isTooLong
        }
    }
}

private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
