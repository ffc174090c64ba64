// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Finds every mistake in a manifest; looks at no data and runs nothing.",
        discussion: "Catalogues, code and programs belong to the project and are looked up; sources are not.")

    @OptionGroup var options: PipelineOptions

    @Flag(help: "Prints one JSON object with every mistake.")
    var json = false

    func run() async throws {
        let session: PipelineSession
        do {
            session = try options.session(lookUp: PipelineSession.projectMistakes)
        } catch let diagnostics as Diagnostics where json {
            Self.write(diagnostics.all)
            throw RepriseExit.usage
        }
        if json { Self.write([]) } else { Self.writeCounts(of: session) }
    }

    private static func write(_ mistakes: [Diagnostic]) {
        let document: JSONValue = ["schema": 1, "mistakes": .array(mistakes.map(\.json))]
        Terminal.output.write(document.canonicalText + "\n")
    }

    private static func writeCounts(of session: PipelineSession) {
        let manifest = session.manifest
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let parts = [
            count(manifest.sources.count, "source"), count(manifest.stages.count, "stage"),
            count(manifest.claims.count, "claim"),
        ]
        Terminal.output.write("\(session.manifestFile): \(parts.joined(separator: ", ")), no mistakes\n")
    }
}
