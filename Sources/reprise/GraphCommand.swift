// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Reporting

struct GraphCommand: AsyncParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, dot, mermaid, svg
    }

    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draws the stages and what flows between them, with the state of each.",
        discussion: """
            Where the sources cannot be found the graph is drawn without states. What 'foreach' or 'matrix' made more \
            than 8 stages of is one node.
            """)

    @OptionGroup var options: PipelineOptions

    @Option(help: "text, dot (Graphviz), mermaid or svg.")
    var format: Format = .text

    @Flag(help: "Draws every stage of large groups.")
    var expand = false

    func run() async throws {
        let session = try options.session()
        let stages = try session.stages(named: [])
        var plan: Plan?
        do {
            plan = try session.planner(for: try await session.snapshot(for: stages)).plan(for: stages)
        } catch is Diagnostics {}
        let drawing = GraphDrawing(session.graph, plan: plan, isExpanded: expand)
        let text =
            switch format {
            case .text: drawing.text
            case .dot: drawing.dot
            case .mermaid: drawing.mermaid
            case .svg: drawing.svg
            }
        Terminal.output.write(text.hasSuffix("\n") ? text : text + "\n")
    }
}
