// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// One of the two streams that people and programs read, and what it can show.
struct Terminal: Sendable {
    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let error = Terminal(descriptor: STDERR_FILENO)

    let descriptor: Int32
    let isTerminal: Bool

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    /// Colour only on a terminal, and not where the user asks for none (no-color.org).
    var isColoured: Bool {
        isTerminal && ProcessEnvironment.value(of: "NO_COLOR") == nil && ProcessEnvironment.value(of: "TERM") != "dumb"
    }

    /// In columns; 80 where it is unknown.
    var width: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a text whole; where standard output cannot take it, ends the process: half an answer is none.
    ///
    /// Whoever reads us may have gone away, which is no fault: there is nobody left to tell.
    func write(_ text: String) { write(Array(text.utf8)[...]) }

    /// As for a text; false where nobody reads any more.
    @discardableResult
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { platformWrite(descriptor, $0) }
            if count < 0 {
                switch errno {
                case EINTR: continue
                case EAGAIN: waitForRoom()
                case EPIPE: return false
                default:
                    fail(Errno(rawValue: errno))
                    return false
                }
            }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }

    /// Writes a text in which others had a hand: to another program every byte, and to a terminal nothing that it would
    /// follow, but for the look of letters where that is our own.
    func show(_ text: String, keepsStyles: Bool = false) {
        write(isTerminal ? visibleLines(text, keepsStyles: keepsStyles) : text)
    }

    /// Somebody else made the stream one that does not wait.
    private func waitForRoom() {
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&room, 1, -1)
    }

    private func fail(_ reason: Errno) {
        guard descriptor == STDOUT_FILENO else { return }
        Self.error.write("error: cannot write to standard output: \(reason)\n")
        exit(RepriseExit.storeFault.rawValue)
    }

    /// Writes lines to stderr.
    static func complain(_ text: String, hint: String? = nil) {
        error.write((text.hasSuffix("\n") ? text : text + "\n") + (hint.map { "hint: \($0)\n" } ?? ""))
    }
}

private func platformWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
