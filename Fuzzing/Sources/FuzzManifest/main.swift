// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import PipelineManifest
import PipelinePlanning

// A text is a pipeline, whose stages come in an order in which they can be run, or has mistakes, which can be shown.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        let source = SourceText(file: "pipeline.yml", text: text)
        do throws(Diagnostics) {
            let graph = try StageGraph.parse(source, interfaces: Tools.all + [Tools.build])
            precondition(graph.stages(neededFor: []).count == graph.names.count, "a stage is lost")
        } catch {
            precondition(error.all.allSatisfy { !$0.message.isEmpty && $0.location.line > 0 }, "a mistake has no place")
            precondition(!DiagnosticText().text(of: error).isEmpty, "mistakes have no words")
        }
    })
