// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A program that has run.
struct ChildProcess {
    /// From its start to its end.
    let seconds: Double
    /// The largest memory that it or a process it waited for had at once.
    let peakMemoryBytes: Int

    /// Runs a program to its end; what it says goes to a file.
    ///
    /// Throws, with the program's last words, where it does not end with 0.
    @discardableResult
    init(_ program: URL, _ arguments: [String], output: String, environment: [String: String] = [:]) throws {
        let watch = Stopwatch()
        let child = try Self.start(program, arguments, environment) { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        let (status, usage) = try Self.awaitWithUsage(child)
        seconds = watch.seconds
        #if canImport(Darwin)
            peakMemoryBytes = usage.ru_maxrss
        #else
            peakMemoryBytes = usage.ru_maxrss * 1024
        #endif
        guard status == 0 else {
            let words = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            throw BenchmarkError.programFailed(
                command: ([program.lastPathComponent] + arguments).joined(separator: " "), status: status,
                output: String(words.suffix(500)))
        }
    }

    /// Starts a program with the given places for its standard streams and returns its number.
    static func start(
        _ program: URL, _ arguments: [String], _ environment: [String: String],
        streams: (inout FileActions) -> Void
    ) throws -> pid_t {
        var actions = noFileActions()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        streams(&actions)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = ([program.path] + arguments).map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, program.path, &actions, nil, &words, &settings)
        guard status == 0 else {
            throw BenchmarkError.system(action: "start \(program.path)", reason: String(cString: strerror(status)))
        }
        return child
    }

    /// Waits for a program's end: its exit code, or 128 and the signal that ended it.
    static func await(_ child: pid_t) throws -> Int32 { try awaitWithUsage(child).status }

    private static func awaitWithUsage(_ child: pid_t) throws -> (status: Int32, usage: rusage) {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0 {
            guard errno == EINTR else {
                throw BenchmarkError.system(action: "wait for a program", reason: String(cString: strerror(errno)))
            }
        }
        let signal = status & 0x7F
        return (signal == 0 ? (status >> 8) & 0xFF : 128 + signal, usage)
    }

    #if canImport(Darwin)
        typealias FileActions = posix_spawn_file_actions_t?
        private static func noFileActions() -> FileActions { nil }
    #else
        typealias FileActions = posix_spawn_file_actions_t
        private static func noFileActions() -> FileActions { posix_spawn_file_actions_t() }
    #endif
}
