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

/// Sees to it that no command outlives a run that is killed: a process beside the run that is told of each command's
/// process group, and ends what is left of them when the run is gone.
///
/// It is started before the first command and hears of groups through a socket as lines, `+NUMBER` and `-NUMBER`. That
/// the run is gone it knows when the socket closes, which the kernel does however the run ends.
package final class Warden: Sendable {
    private struct State {
        var isStarted = false
        var socket: Int32 = -1
        var process: CommandProcess?
    }

    private let executable: FilePath
    private let state = Mutex(State())

    /// - Parameter executable: the program whose `exec --warden` is `Warden.keep`.
    package init(executable: FilePath) {
        self.executable = executable
    }

    deinit {
        state.withLock { state in
            if state.socket >= 0 { close(state.socket) }
            guard let number = state.process?.number else { return }
            // It ends by itself now that its socket is closed, and nobody waits for that.
            SystemThread.start { while waitpid(number, nil, 0) < 0, errno == EINTR {} }
        }
    }

    /// Starts it where it has not been started, so that it is there before the first command is.
    func prepare() {
        state.withLock { state in if !state.isStarted { start(&state) } }
    }

    func guards(_ group: pid_t) { tell("+\(group)\n") }

    func forgets(_ group: pid_t) { tell("-\(group)\n") }

    /// A run without a warden is a run all the same: where it cannot be started, or has been killed, nobody is told.
    private func tell(_ line: String) {
        state.withLock { state in
            guard state.socket >= 0 else { return }
            let bytes = Array(line.utf8)
            #if canImport(Darwin)
                _ = send(state.socket, bytes, bytes.count, 0)
            #else
                _ = send(state.socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            #endif
        }
    }

    private func start(_ state: inout State) {
        state.isStarted = true
        var sockets: [Int32] = [-1, -1]
        #if canImport(Darwin)
            guard socketpair(AF_UNIX, SOCK_STREAM, 0, &sockets) == 0 else { return }
            var isSilent: Int32 = 1
            setsockopt(sockets[0], SOL_SOCKET, SO_NOSIGPIPE, &isSilent, socklen_t(MemoryLayout<Int32>.size))
            for socket in sockets { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
        #else
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &sockets) == 0 else { return }
        #endif
        defer { close(sockets[1]) }
        let launch = CommandProcess.Launch(
            program: executable, arguments: ["reprise", "exec", "--warden"], environment: nil, folder: "/",
            input: sockets[1])
        do throws(Errno) {
            state.process = try CommandProcess(launch, warden: nil)
            state.socket = sockets[0]
        } catch {
            close(sockets[0])
        }
    }

    /// The inside of the warden's process: reads standard input until it closes, then ends the groups that are left.
    package static func keep() {
        // A person who interrupts the run, or closes its terminal, means the run and not its warden.
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        var groups: Set<pid_t> = []
        while let line = readLine() {
            guard let group = pid_t(line.dropFirst()), group > 1 else { continue }
            if line.hasPrefix("+") { groups.insert(group) } else { groups.remove(group) }
        }
        for group in groups { kill(-group, SIGKILL) }
    }
}
