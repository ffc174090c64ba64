// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What `run` and `plan` say when everything is up to date, kept in the cache for the next time that they are asked.
///
/// The question is all that this process was given: its arguments, the variables it asks for, the folder it is in,
/// what it writes to, and which program it is. What it then looks at is noted on the way (`LookedAt`).
enum SettledAnswer {
    // Arrays, here and below: the runtime would build the types of sets and dictionaries first, which takes longer than
    // looking through a few words.

    /// Commands whose answers are kept.
    private static let commands = ["run", "plan"]
    /// The variables that this program asks for, beside its own, `REPRISE_…`; a secret is none of them.
    private static let variables = ["PATH", "HOME", "TERM", "NO_COLOR", "LANG", "LC_ALL", "TMPDIR", "GITHUB_ACTIONS"]

    /// Does the work with all that it looks at noted, where its answer may be kept.
    static func noting(_ work: @Sendable () async throws -> Void) async rethrows {
        guard isKept else { return try await work() }
        try await LookedAt.$current.withValue(
            LookedAt(clock: SystemFileClock(cache: FilePath(likelyCache))), operation: work)
    }

    /// The answer to the question of this process, where it is known and nothing has changed since.
    static func recalled() -> AnswerMemo.Answer? {
        guard isKept, let question else { return nil }
        return AnswerMemo(cache: FilePath(likelyCache)).answer(to: question)
    }

    /// Keeps what was just written to standard output; nothing may have been written to standard error.
    static func keep(_ text: String, exitCode: Int32, in session: PipelineSession) {
        guard let lookedAt = LookedAt.current, let question else { return }
        // A cache that cannot be written is met where it matters.
        LookedAt.$current.withValue(nil) {
            try? AnswerMemo(cache: session.folders.root)
                .keep(AnswerMemo.Answer(text: text, exitCode: exitCode), to: question, lookedAt: lookedAt)
        }
    }

    private static var isKept: Bool { commands.contains(CommandLine.arguments.dropFirst().first ?? "") }

    /// Where the answer lies if it is known: the very arguments are part of the question, so one that is found there
    /// is right, however the arguments are read.
    private static var likelyCache: String {
        let arguments = CommandLine.arguments
        for (index, argument) in arguments.enumerated().reversed() {
            if argument.hasPrefix("--cache=") { return String(argument.dropFirst(8)) }
            if argument == "--cache", index + 1 < arguments.count { return arguments[index + 1] }
        }
        return ProcessEnvironment.value(of: "REPRISE_CACHE") ?? "cache"
    }

    /// `nil` where this process cannot say which program it is.
    private static var question: Digest? {
        guard let program = OwnExecutable.program.status else { return nil }
        let numbers = [
            program.byteCount, Int(truncatingIfNeeded: program.device), Int(truncatingIfNeeded: program.inode),
            Int(program.modificationTime), Int(program.changeTime),
            Terminal.output.isTerminal ? Terminal.output.width : 0,
            Terminal.error.isTerminal ? Terminal.error.width : 0, Int(Files.userNumber),
        ]
        let arguments = CommandLine.arguments.dropFirst()
        let variables = ProcessEnvironment.entries { name in
            name.hasPrefix("REPRISE_") || Self.variables.contains(name)
        }
        // No word has a zero in it, and counts stand before what they count.
        let words =
            [Reprise.version] + numbers.map { String($0) } + [FilePath(".").absolute.string, String(arguments.count)]
            + arguments + variables
        return Digest(of: Array(words.joined(separator: "\0").utf8))
    }
}
