// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A peer's script that stays alive between rounds, so that its imports and its warm-up are outside the clock.
///
/// It says `ready NAME` or `absent REASON` once, then answers each line with seconds, or with `error REASON`.
final class PeerSession {
    /// Name and version as the script tells them.
    let name: String

    private let child: pid_t
    private let input: FileHandle
    private let output: FileHandle
    private var pending = Data()

    /// Throws `BenchmarkError.peer` with the reason where the peer is not installed.
    init(_ workplace: Workplace, script: String, _ arguments: [String]) throws {
        guard let python = workplace.python else { throw BenchmarkError.peer("not installed: there is no python3") }
        let (questions, answers) = (Pipe(), Pipe())
        // A later session must not hold this one's ends open: this one would never see its input end.
        for end in [questions.fileHandleForWriting, answers.fileHandleForReading] {
            _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        let errors = workplace.folder.path("peer-errors.txt")
        child = try ChildProcess.start(python, [workplace.script(script)] + arguments, [:]) { actions in
            posix_spawn_file_actions_adddup2(&actions, questions.fileHandleForReading.fileDescriptor, 0)
            posix_spawn_file_actions_adddup2(&actions, answers.fileHandleForWriting.fileDescriptor, 1)
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        }
        input = questions.fileHandleForWriting
        output = answers.fileHandleForReading
        try questions.fileHandleForReading.close()
        try answers.fileHandleForWriting.close()
        var greeting = ""
        while let line = Self.line(from: output, &pending) {
            greeting = line
            if line.hasPrefix("ready ") || line.hasPrefix("absent ") { break }
        }
        name = String(greeting.drop { $0 != " " }.dropFirst())
        guard greeting.hasPrefix("ready ") else {
            throw BenchmarkError.peer(name.isEmpty ? "its script failed, see \(script)" : name)
        }
    }

    deinit {
        try? input.close()
        _ = try? ChildProcess.await(child)
    }

    /// The seconds that the script measured for what `question` asks.
    func seconds(_ question: String) throws -> Double {
        try input.write(contentsOf: Data((question + "\n").utf8))
        guard let answer = Self.line(from: output, &pending) else { throw BenchmarkError.peer("its script ended") }
        guard let seconds = Double(answer) else { throw BenchmarkError.peer(answer.replacing("error ", with: "")) }
        return seconds
    }

    /// The next line without its end; nil at the end.
    private static func line(from output: FileHandle, _ pending: inout Data) -> String? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                defer { pending = Data(pending[(end + 1)...]) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let piece = output.availableData
            if piece.isEmpty { return nil }
            pending.append(piece)
        }
    }
}
