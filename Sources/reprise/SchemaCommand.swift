// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelinePlanning
import PipelineTools

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints a JSON Schema of manifests, with which editors complete and check them.",
        discussion: "'validate' finds more: what references lead to, and what goes together.")

    func run() throws {
        Terminal.output.write(ManifestSchema(interfaces: Toolbox.standard.interfaces).json.indentedText)
    }
}
