// SPDX-License-Identifier: Apache-2.0

import PipelineManifest

/// Finds what each reference means, and each that means nothing or the wrong thing.
struct ReferenceCheck {
    private let manifest: Manifest
    private let unread: UnreadNames
    private let sources: Set<String>
    private let stages: [String: Stage]
    private var mistakes: InstanceMistakes

    var diagnostics: [Diagnostic] { mistakes.diagnostics }

    init(_ manifest: Manifest, unread: UnreadNames) {
        self.manifest = manifest
        self.unread = unread
        mistakes = InstanceMistakes(manifest.stages)
        sources = Set(manifest.sources.map(\.name.value))
        stages = Dictionary(manifest.stages.map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func resolved() -> [ResolvedStage] {
        var resolved: [ResolvedStage] = []
        for stage in manifest.stages {
            var inputs: [ResolvedStage.Input] = []
            for input in stage.inputs {
                var origins: [ArtifactOrigin?] = []
                for reference in input.references {
                    origins.append(origin(of: reference, for: input, of: stage))
                }
                inputs.append(ResolvedStage.Input(name: input.name, isList: input.isList, origins: origins))
            }
            resolved.append(ResolvedStage(stage: stage, inputs: inputs))
        }
        return resolved
    }

    private mutating func origin(
        of reference: Located<ArtifactReference>, for input: StageInput, of stage: Stage
    ) -> ArtifactOrigin? {
        let (producer, named) = (reference.value.producer, reference.value.output)
        // A source and a stage of one name have been told; which of them is meant here cannot be said.
        if sources.contains(producer), stages[producer] != nil { return nil }
        if sources.contains(producer) {
            if named == nil {
                let origin = checked(.source(producer), .folder, reference, input, stage)
                if origin != nil, !input.checksCatalogue { report(uncheckedCatalogueOf: reference, input, of: stage) }
                return origin
            }
            report(outputOfSource: reference, of: stage)
            return nil
        }
        guard let upstream = stages[producer] else {
            if !unread.mayContain(producer) { report(unknownProducer: reference, of: stage) }
            return nil
        }
        if named == nil, unread.contains(producer) { return nil }
        guard let output = named == nil ? upstream.outputs.first : upstream.outputs.first(where: { $0.name == named })
        else {
            if !unread.contains(producer) { report(unknownOutput: reference, of: upstream, for: stage) }
            return nil
        }
        return checked(.stage(producer, output: output.name), output.format, reference, input, stage)
    }

    private mutating func checked(
        _ origin: ArtifactOrigin, _ format: ArtifactFormat, _ reference: Located<ArtifactReference>,
        _ input: StageInput, _ stage: Stage
    ) -> ArtifactOrigin? {
        if input.formats.isEmpty || input.formats.contains(format) { return origin }
        if mistakes.isTold(.wrongFormat, reference, by: stage) { return nil }
        let accepted = input.formats.map(\.rawValue).joined(separator: " or ")
        mistakes.add(
            Diagnostic(
                .wrongFormat, in: manifest.source, at: reference.location,
                "input '\(input.name)' of stage '\(stage.title)' takes \(accepted), and "
                    + "'\(reference.value)' is \(format.rawValue)",
                hint: hint(forFormats: input.formats)), reference, by: stage)
        return nil
    }

    private func hint(forFormats formats: [ArtifactFormat]) -> String? {
        var fitting: [String] = []
        var seen: Set<String> = []
        for stage in manifest.stages where seen.insert(stage.title).inserted {
            for output in stage.outputs where formats.contains(output.format) {
                fitting.append("'\(stage.title)/\(output.name)'")
            }
        }
        return fitting.isEmpty ? nil : "of that format here: \(fitting.joined(separator: ", "))"
    }

    private mutating func report(unknownProducer reference: Located<ArtifactReference>, of stage: Stage) {
        if mistakes.isTold(.unresolvedReference, reference, by: stage) { return }
        let known = Array(stages.keys) + Array(sources)
        let name = reference.value.producer
        var hint: String?
        if let owner = owner(ofOutput: name) {
            hint = "'\(name)' is an output of stage '\(owner)': write '\(owner)/\(name)'"
        } else {
            hint = suggestion(for: name, among: known.sorted())
        }
        mistakes.add(
            Diagnostic(
                .unresolvedReference, in: manifest.source, at: reference.location,
                "stage '\(stage.title)' needs '\(reference.value)', and no stage or source is called '\(name)'",
                hint: hint), reference, by: stage)
    }

    private mutating func report(outputOfSource reference: Located<ArtifactReference>, of stage: Stage) {
        if mistakes.isTold(.unresolvedReference, reference, by: stage) { return }
        let name = reference.value.producer
        mistakes.add(
            Diagnostic(
                .unresolvedReference, in: manifest.source, at: reference.location,
                "stage '\(stage.title)' needs '\(reference.value)', and a source such as '\(name)' has no outputs",
                hint: "write '\(name)'; 'files:' of the source says which of its files count"), reference, by: stage)
    }

    /// What the stage read could be anything, and the author of the manifest means it to be known.
    private mutating func report(
        uncheckedCatalogueOf reference: Located<ArtifactReference>, _ input: StageInput, of stage: Stage
    ) {
        let source = manifest.sources.first { $0.name.value == reference.value.producer }
        guard source?.catalogue != nil, !mistakes.isTold(.uncheckedCatalogue, reference, by: stage) else { return }
        mistakes.add(
            Diagnostic(
                .uncheckedCatalogue, in: manifest.source, at: reference.location,
                "stage '\(stage.title)' would read '\(reference.value)' without a look at its catalogue",
                hint: "have it read by a stage of tool 'images', which checks it, or leave out the source's 'catalogue'"
            ), reference, by: stage)
    }

    private func owner(ofOutput name: String) -> String? {
        manifest.stages.first { stage in stage.outputs.contains { $0.name == name } }?.title
    }

    private mutating func report(
        unknownOutput reference: Located<ArtifactReference>, of upstream: Stage, for stage: Stage
    ) {
        if mistakes.isTold(.unresolvedReference, reference, by: stage) { return }
        let names = upstream.outputs.map(\.name)
        let wanted = reference.value.output ?? ""
        let close = nearest(to: wanted, among: names)
        mistakes.add(
            Diagnostic(
                .unresolvedReference, in: manifest.source, at: reference.location,
                "stage '\(stage.title)' needs '\(reference.value)', and stage '\(upstream.title)' has no "
                    + "output '\(wanted)'",
                hint: close.map { "did you mean '\(upstream.title)/\($0)'?" }
                    ?? "its outputs: \(names.joined(separator: ", "))"), reference, by: stage)
    }
}
