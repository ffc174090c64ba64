// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Dispatch
import PipelineExecution

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Where the process begins: what is known already is said before any thread is started.
@main
enum Program {
    static func main() {
        if let answer = SettledAnswer.recalled() {
            Terminal.output.show(answer.text, keepsStyles: true)
            // There is nothing to clear up, and the libraries' own clearing up takes as long as the answer.
            _exit(answer.exitCode)
        }
        if CommandLine.arguments.dropFirst().first == "exec" { RunningProgram.takeName("reprise") }
        Task { await Reprise.perform() }
        dispatchMain()
    }
}
