// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// Mistakes of references, of which what several instances of one stage make is told once.
struct InstanceMistakes {
    private struct Place: Hashable {
        let code: Diagnostic.Code
        let location: SourceLocation
    }

    private struct Told {
        let diagnostic: Diagnostic
        let reference: ArtifactReference
        var tally: InstanceTally?
    }

    private let instanceCounts: [String: Int]
    private var all: [Told] = []
    /// The mistakes of instances in `all`; at one place stands the reference of one stage as it is written.
    private var positions: [Place: Int] = [:]

    init(_ stages: [Stage]) {
        var counts: [String: Int] = [:]
        for stage in stages {
            if let group = stage.group { counts[group.name, default: 0] += 1 }
        }
        instanceCounts = counts
    }

    var diagnostics: [Diagnostic] {
        all.map { told in told.tally.map { told.diagnostic.with(details: $0.details) } ?? told.diagnostic }
    }

    /// Whether another instance of the stage has made the mistake, which then counts as made by this one too.
    mutating func isTold(
        _ code: Diagnostic.Code, _ reference: Located<ArtifactReference>, by stage: Stage
    ) -> Bool {
        guard stage.group != nil, let position = positions[Place(code: code, location: reference.location)] else {
            return false
        }
        let isSame = all[position].reference == reference.value
        all[position].tally?.count(stage.name.value, isSame: isSame)
        return true
    }

    mutating func add(_ diagnostic: Diagnostic, _ reference: Located<ArtifactReference>, by stage: Stage) {
        let count = stage.group.flatMap { instanceCounts[$0.name] }
        if count != nil { positions[Place(code: diagnostic.code, location: reference.location)] = all.count }
        all.append(
            Told(
                diagnostic: diagnostic, reference: reference.value,
                tally: count.map { InstanceTally(first: stage.name.value, of: $0) }))
    }
}

extension Diagnostic {
    fileprivate func with(details more: [String]) -> Diagnostic {
        Diagnostic(code, file: file, at: location, excerpt: excerpt, message, details: details + more, hint: hint)
    }
}
