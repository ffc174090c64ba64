// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import SystemPackage

/// Whether the cache holds the content that the results of a run say.
///
/// What the run made itself was computed from its bytes; what the cache had was published by somebody, who may have
/// said anything.
struct HeldContents {
    /// By stage, what is wrong with it.
    private(set) var faults: [String: String] = [:]
    /// Whether objects were absent, or damaged and set aside; another run makes them again.
    private(set) var lacksObjects = false

    init(of ended: EndedRun, in session: PipelineSession) throws {
        let hits = ended.outcome.records.filter { $0.outcome == .hit }
        let findings = parallelMap(hits.count, with: {}) { index, _ in
            Result { () throws(StoreError) in
                try session.contents.firstFault(in: ActionResult(outputs: hits[index].outputs))
            }
        }
        for (record, finding) in zip(hits, findings) {
            guard let (output, finding) = try finding.get() else { continue }
            if finding == .absent { lacksObjects = true }
            faults[record.stage] = Self.words(output.name, finding, of: session.manifestFile.string)
        }
    }

    private static func words(_ output: String, _ finding: ContentCheck.Finding, of pipeline: String) -> String {
        let repair = "'reprise cache verify --repair \(ShellWord(pipeline).textInSingleQuotes)' makes it again"
        return finding == .absent
            ? "the cache does not hold its output '\(output)'; \(repair)"
            : "its output '\(output)' in the cache has another content than its result says; \(repair)"
    }
}
