// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest

/// Why a stage ended without a result.
package enum StageFailure: Error, Hashable, Sendable {
    /// The tool or command says so.
    case tool(ToolFailure)
    /// A file that it read is no longer what it was when the run began.
    case inputChanged(file: String, input: String)
    /// The same action gave other content than before.
    case notDeterministic(output: String, before: Digest, now: Digest)
    /// The cache or its disk is at fault.
    case store(StoreError)
    case disk(String)
    /// It ended well on a disk that took nothing more, so that what it wrote may be cut off.
    case diskFull(FullDisk)
    case interrupted

    /// Whether the cache or the disk is at fault rather than the stage.
    package var isStoreFault: Bool {
        switch self {
        case .store, .disk, .diskFull: true
        case .tool, .inputChanged, .notDeterministic, .interrupted: false
        }
    }

    /// Whether another attempt may end better: a fault of the cache or of the inputs stays.
    var mayPass: Bool { if case .tool = self { true } else { false } }

    package var message: String {
        switch self {
        case .tool(let failure): failure.message
        case .inputChanged(let file, _): "'\(file)' changed while the stage read it"
        case .notDeterministic(let output, let before, let now):
            "its output '\(output)' has other content than before: \(before.abbreviated) -> \(now.abbreviated)"
        case .store(let error): error.description
        case .disk(let message): message
        case .diskFull(let disk): disk.description
        case .interrupted: "interrupted"
        }
    }

    package var hint: String? {
        switch self {
        case .tool(let failure): failure.hint
        case .inputChanged: "run again once nothing writes to the data"
        case .notDeterministic: "the same inputs, settings and code gave two results; look for time, threads or seeds"
        case .diskFull: "make room there and run again; nothing of what it wrote was kept, since it may be cut off"
        case .store(let error): error.hint
        case .disk, .interrupted: nil
        }
    }

    package var details: [String] { if case .tool(let failure) = self { failure.details } else { [] } }

    /// The failure as a diagnostic at the line of the manifest it belongs to.
    package func diagnostic(of stage: Stage, in manifest: Manifest) -> Diagnostic {
        Diagnostic(
            .stageFailed, in: manifest.source, at: location(in: stage, of: manifest),
            "stage '\(stage.name.value)' failed: \(message)", details: details, hint: hint(of: stage))
    }

    /// Of a tool other content is never the author's doing.
    private func hint(of stage: Stage) -> String? {
        guard case .notDeterministic = self, case .tool = stage.work else { return hint }
        return "a tool gives the same content everywhere: the cache is damaged, which 'reprise cache verify' tells, "
            + "or the tool has a fault, which its authors want to know"
    }

    private func location(in stage: Stage, of manifest: Manifest) -> SourceLocation {
        switch self {
        case .tool(let failure):
            switch failure.place {
            case .stage: stage.name.location
            case .setting(let name, let element): stage.location(ofSetting: name, element: element)
            case .input(let name): stage.location(ofInput: name)
            case .catalogue(let input): stage.location(ofCatalogueOf: input, in: manifest)
            }
        case .inputChanged(_, let input): stage.location(ofInput: input)
        case .notDeterministic, .store, .disk, .diskFull, .interrupted: stage.name.location
        }
    }
}

extension Stage {
    fileprivate func location(ofCatalogueOf name: String, in manifest: Manifest) -> SourceLocation {
        let reference = inputs.first { $0.name == name }?.references.first?.value
        let source = manifest.sources.first { $0.name.value == reference?.producer }
        return source?.catalogue?.location ?? location(ofInput: name)
    }

    /// The place of an element where the author wrote it, else that of the setting, else the stage's.
    fileprivate func location(ofSetting name: String, element: Int?) -> SourceLocation {
        guard let setting = settings.first(where: { $0.name == name }) else { return self.name.location }
        if let element, setting.elementLocations.indices.contains(element) { return setting.elementLocations[element] }
        return setting.location ?? self.name.location
    }

    fileprivate func location(ofInput name: String) -> SourceLocation {
        inputs.first { $0.name == name }?.references.first?.location ?? self.name.location
    }
}
