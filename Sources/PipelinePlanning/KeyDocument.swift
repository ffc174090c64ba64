// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest

// What counts into an action's key, and why.
//
// | in the document                        | because                                                             |
// |----------------------------------------|---------------------------------------------------------------------|
// | `schema`                               | a document that means something else must never have the same digest |
// | `tool` with name and version           | another tool, or the tool with other behaviour, gives other content  |
// | `settings`, defaults filled in         | a default written out is the same action; a changed default is not   |
// | `inputs`: name to content digest(s)    | the same values upstream mean the same result (early cutoff)         |
// | `catalogue` among the inputs, or       | a changed catalogue of a source is checked anew                      |
// |   `catalogues` where it means several  |                                                                      |
// | `outputs`                              | what is kept is part of the result                                   |
// | `claims`, for tools that read them     | verdicts change with the paper's figures                             |
// | `command`: line, shell, environment,   | all that a program we do not know can see;                           |
// |   code, probes, declared programs      | probes stand for what is installed                                   |
// | `inputs` of a command: object digests  | it can see every byte, not only the values                           |
// | `file` before an input's digest        | it is a file with the bytes that stand for a folder or for values     |
//
// Not in it: names of stages and of the files of sources' folders' places, comments and order of the manifest, thread
// and job counts, resources, retries, timeouts, SIMD level, times, the version of Reprise; secrets, neither their names
// nor their values. A document never holds a path of this machine.

/// What an input of a stage is, once what makes it has run.
package struct InputContent: Hashable, Sendable {
    /// Canonical, as built-in tools see it.
    package let content: Digest
    /// The bytes, as commands see them.
    package let bytes: Digest
    /// Whether the digest alone could be that of something else.
    private var isContentMarked = false
    private var isBytesMarked = false

    package init(content: Digest, bytes: Digest) {
        self.content = content
        self.bytes = bytes
    }

    /// What a key document says of it.
    func json(seesBytes: Bool) -> JSONValue {
        let isMarked = seesBytes ? isBytesMarked : isContentMarked
        return .text((isMarked ? "file " : "") + (seesBytes ? bytes : content).description)
    }
}

extension InputContent {
    /// A tool sees a source that is a file as a folder with this file in it.
    init(_ source: SourceContent) {
        self.init(content: source.content, bytes: source.bytes)
        isBytesMarked = source.isLikeFolder
    }

    package init(_ artifact: Artifact) {
        self.init(content: artifact.content, bytes: artifact.object)
        isBytesMarked = artifact.isLikeFolder
        // The content of values is that of a stream of their own, whatever file they are in.
        isContentMarked = artifact.isLikeFolder && artifact.content == artifact.object
    }
}

extension Action {
    /// The schema of the key documents below; raised only when their form changes, which empties every cache.
    package static let keySchema = 1

    /// The action of a stage whose inputs are known.
    ///
    /// - Parameter inputs: for each of the node's inputs, in order, the contents of its artifacts, in order.
    package init(
        of node: StageNode, inputs: [[InputContent]], claims: [Claim], snapshot: SourceSnapshot
    ) {
        var document: [String: JSONValue] = ["schema": .integer(Self.keySchema)]
        var inputsDocument: [String: JSONValue] = [:]
        let seesBytes = if case .command = node.stage.work { true } else { false }
        for (input, contents) in zip(node.inputs, inputs) {
            let digests = contents.map { $0.json(seesBytes: seesBytes) }
            inputsDocument[input.name] = input.isList ? .array(digests) : digests.first ?? .null
        }
        let catalogues = InputCatalogues(of: node, in: snapshot)
        if let only = catalogues.only { inputsDocument["catalogue"] = only }
        document["catalogues"] = catalogues.several
        document["inputs"] = .object(inputsDocument)

        switch node.stage.work {
        case .tool(let interface, _):
            document["tool"] = ["name": .text(interface.name), "version": .integer(interface.version)]
            document["settings"] = .object(
                Dictionary(uniqueKeysWithValues: node.stage.settings.map { ($0.name, JSONValue($0.value)) }))
            document["outputs"] = .array(interface.outputs.map { .text($0.name) })
            if interface.readsClaims { document["claims"] = .array(claims.map(\.json)) }
        case .command(let command):
            document["command"] = command.json(
                code: snapshot.code[node.name] ?? SourceContent(files: []), probes: snapshot.probes[node.name] ?? [],
                programs: snapshot.programs[node.name] ?? [])
            document["outputs"] = .object(
                Dictionary(
                    uniqueKeysWithValues: node.stage.outputs.map { output in
                        (
                            output.name,
                            ["path": .text(output.path ?? output.name), "format": .text(output.format.rawValue)]
                        )
                    }))
        }
        self.init(document: .object(document))
    }
}

/// The catalogues of a stage's sources, as its key document holds them.
private struct InputCatalogues {
    /// Stands under `catalogue` among the inputs, where no input is called so.
    private(set) var only: JSONValue?
    /// By the input's name, one for each of its sources.
    private(set) var several: JSONValue?

    init(of node: StageNode, in snapshot: SourceSnapshot) {
        let found = node.inputs.map { input in
            (
                name: input.name,
                digests: input.origins.map { origin -> JSONValue in
                    guard case .source(let name) = origin, let catalogue = snapshot.catalogues[name] else {
                        return .null
                    }
                    return .text(catalogue.content.description)
                }
            )
        }
        let digests = found.flatMap(\.digests).filter { $0 != .null }
        if digests.count == 1, !node.inputs.contains(where: { $0.name == "catalogue" }) {
            only = digests.first
        } else if !digests.isEmpty {
            let named = found.filter { $0.digests.contains { $0 != .null } }.map {
                ($0.name, JSONValue.array($0.digests))
            }
            several = .object(Dictionary(uniqueKeysWithValues: named))
        }
    }
}

extension Command {
    fileprivate func json(
        code: SourceContent, probes outputs: [ProbeOutput], programs: [SourceContent.File]
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "arguments": .array(arguments.map { .text($0) }),
            "environment": .object(
                Dictionary(environment.map { ($0.name, .text($0.value)) }, uniquingKeysWith: { first, _ in first })),
            "code": .object(
                Dictionary(
                    code.files.map { ($0.name, .text($0.bytes.digest.description)) },
                    uniquingKeysWith: { first, _ in first })),
            "probes": .array(
                zip(probes, outputs).map { command, output in
                    ["run": .array(command.value.map { .text($0) }), "output": output.json]
                }),
        ]
        if let shell { members["shell"] = .text(shell) }
        if !programs.isEmpty {
            let digests = programs.map { ($0.name, JSONValue.text($0.bytes.digest.description)) }
            members["programs"] = .object(Dictionary(digests, uniquingKeysWith: { first, _ in first }))
        }
        return .object(members)
    }
}

extension JSONValue {
    /// A setting's value as it stands in key documents and work orders.
    package init(_ value: SettingValue) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        case .list(let elements): self = .array(elements.map { JSONValue($0) })
        case .map(let members): self = .object(members.mapValues { JSONValue($0) })
        }
    }
}

extension Claim {
    /// The claim as `compare` reads it; where it stands in the manifest is not part of it.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "claim": .text(name.value), "model": .text(model), "metric": .text(metric), "dataset": .text(dataset),
            "scale": .integer(scale), "protocol": .text(evaluationProtocol), "printed": .text(printed),
            "verified": .boolean(isVerified),
        ]
        if let tolerance { members["tolerance"] = .number(tolerance) }
        if let place { members["place"] = .text(place) }
        return .object(members)
    }
}
