// SPDX-License-Identifier: Apache-2.0

import PipelineExecution

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

    func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { platformWrite(descriptor, $0) }
            // Whoever read us has gone away: there is nobody left to tell.
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Writes lines to stderr.
    static func complain(_ text: String, hint: String? = nil) {
        error.write((text.hasSuffix("\n") ? text : text + "\n") + (hint.map { "hint: \($0)\n" } ?? ""))
    }
}

private func platformWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
