// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Finds every mistake in a manifest; looks at no data and runs nothing.",
        discussion: "Catalogues, code and programs belong to the project and are looked up; sources are not.")

    @OptionGroup var options: PipelineOptions

    func run() async throws {
        let session = try options.session(lookUp: PipelineSession.projectMistakes)
        let manifest = session.manifest
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let parts = [
            count(manifest.sources.count, "source"), count(manifest.stages.count, "stage"),
            count(manifest.claims.count, "claim"),
        ]
        Terminal.output.write("\(session.manifestFile): \(parts.joined(separator: ", ")), no mistakes\n")
    }
}
