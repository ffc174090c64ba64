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

/// A program that runs as the leader of a process group of its own.
///
/// Whatever it leaves running when it ends is ended with it, and so is the group when the run is cancelled.
final class CommandProcess: Sendable {
    enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exited(Int)
        case signalled(Int)

        /// As a sentence about the program ends.
        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .signalled(let signal): "was ended by signal \(signal)"
            }
        }
    }

    /// How it is started.
    struct Launch {
        let program: FilePath
        /// The first one is the program's name.
        let arguments: [String]
        /// As `NAME=VALUE`; `nil` is that of this process.
        let environment: [String]?
        /// Where it runs.
        let folder: FilePath
        /// Its standard input, or /dev/null.
        var input: Int32?
        /// Takes what it prints, to standard output and to standard error alike; or /dev/null.
        var output: Int32?
        /// Takes what it prints to standard error where that is another one.
        var errors: Int32?
    }

    /// Seconds from the request to end to the end without asking.
    private static let graceSeconds = 5

    /// The number of the process and of its group.
    let number: pid_t
    private let warden: Warden?
    /// Set before the process is reaped, since its number may be another's from then on.
    private let hasEnded = Mutex(false)

    /// Starts the program; throws what the system says where it cannot.
    init(_ launch: Launch, warden: Warden?) throws(Errno) {
        warden?.prepare()
        var number = pid_t()
        let reason = Self.withCStrings(launch.arguments) { arguments in
            Self.withCStrings(launch.environment ?? []) { environment in
                launch.program.withPlatformString { program in
                    launch.folder.withPlatformString { folder in
                        reprise_spawn(
                            &number, program, arguments, launch.environment == nil ? nil : environment, folder,
                            launch.input ?? -1, launch.output ?? -1,
                            launch.errors ?? launch.output ?? -1)
                    }
                }
            }
        }
        guard reason == 0 else { throw Errno(rawValue: reason) }
        self.number = number
        self.warden = warden
        warden?.guards(number)
    }

    /// Waits on this thread until the program has ended, and says how and what it used; where the task is cancelled,
    /// ends its group.
    func ending() async -> (Ending, rusage) {
        await withTaskCancellationHandler {
            wait()
        } onCancel: {
            end()
        }
    }

    /// Asks the group to end, and ends it where that does not help.
    private func end() {
        signal(SIGTERM)
        Task.detached { [self] in
            try? await Task.sleep(for: .seconds(Self.graceSeconds))
            signal(SIGKILL)
        }
    }

    private func signal(_ number: Int32) {
        hasEnded.withLock { hasEnded in if !hasEnded { kill(-self.number, number) } }
    }

    private func wait() -> (Ending, rusage) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(number), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        hasEnded.withLock { hasEnded in
            // The leader is not reaped yet, so the group's number is still its own.
            kill(-number, SIGKILL)
            hasEnded = true
        }
        warden?.forgets(number)
        var status: Int32 = 0
        var usage = rusage()
        while wait4(number, &status, 0, &usage) < 0, errno == EINTR {}
        awaitGroup()
        let signal = status & 0x7f
        return (signal == 0 ? .exited(Int(status >> 8 & 0xff)) : .signalled(Int(signal)), usage)
    }

    /// Waits until the others of the group, who were killed, are dead: none writes to an output that is being hashed.
    ///
    /// The dead whom nobody buries count as alive, which is why it waits for no longer than a second.
    private func awaitGroup() {
        var (pause, waited): (UInt32, UInt32) = (50, 0)
        while kill(-number, 0) == 0, waited < 1_000_000 {
            usleep(pause)
            waited += pause
            pause = min(2 * pause, 10_000)
        }
    }

    /// Calls `body` with an array of C strings that ends with a null pointer.
    private static func withCStrings<Value>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        let pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("the list has its null pointer at least") }
            return body(start)
        }
    }
}
