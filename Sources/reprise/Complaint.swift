// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest

/// The exit codes of DESIGN's command line.
enum RepriseExit {
    static let stageFailed = ExitCode(1)
    static let usage = ExitCode(2)
    static let differs = ExitCode(3)
    static let storeFault = ExitCode(4)
    static let interrupted = ExitCode(130)
}

/// Says on stderr what went wrong and ends with the exit code for it.
enum Complaint {
    static func exit(with error: any Error) -> Never {
        Reprise.exit(withError: code(for: error))
    }

    /// Says it and goes on.
    static func tell(_ error: any Error) {
        _ = code(for: error)
    }

    /// Prints the error where it is one of ours, and gives its exit code.
    private static func code(for error: any Error) -> any Error {
        switch error {
        case let diagnostics as Diagnostics:
            Terminal.complain(DiagnosticText(hasColour: Terminal.error.isColoured).text(of: diagnostics))
            return RepriseExit.usage
        case let usage as UsageError:
            Terminal.complain("error: \(visible(usage.message))", hint: usage.hint.map(visible))
            return RepriseExit.usage
        case let lock as LockError:
            Terminal.complain("error: \(visible("\(lock)"))", hint: lock.hint.map(visible))
            return RepriseExit.usage
        case StoreError.interrupted:
            return RepriseExit.interrupted
        case let store as StoreError:
            Terminal.complain("error: \(visible("\(store)"))", hint: store.hint)
            return RepriseExit.storeFault
        case let failure as ToolFailure:
            Terminal.complain("error: \(visible(failure.message))", hint: failure.hint.map(visible))
            return RepriseExit.stageFailed
        case is CancellationError:
            return RepriseExit.interrupted
        default:
            // ArgumentParser's own: it prints help and usage itself. Its usage errors end with 64, ours with 2.
            let code = Reprise.exitCode(for: error)
            let text = Reprise.fullMessage(for: error)
            if code.isSuccess {
                if !text.isEmpty { print(text) }
                return code
            }
            // Of our own that an option's check throws it keeps the text only, under a capital letter.
            Terminal.complain(text.hasPrefix("Error: ") ? "error: " + text.dropFirst(7) : text)
            return RepriseExit.usage
        }
    }
}
