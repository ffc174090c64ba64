// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
package import SystemPackage

/// How a kind of stage is carried out.
///
/// A tool reads its inputs in place, those outside the cache through `ToolInput.File.contents` and
/// `ToolContext.settled`, writes each of its outputs to the path it is given, and touches nothing else.
package protocol Tool: Sendable {
    var interface: ToolInterface { get }

    /// Throws a `ToolFailure` for whatever the user can mend.
    func run(_ context: ToolContext) throws
}

/// Name to tool, and how the content of each format is taken.
package struct Toolbox: Sendable {
    private let tools: [String: any Tool]
    /// The canonical digest of a file of a format whose content is not its bytes.
    private let contentDigest: @Sendable (FilePath, ArtifactFormat) throws -> Digest

    package init(
        _ tools: [any Tool], contentDigest: @escaping @Sendable (FilePath, ArtifactFormat) throws -> Digest
    ) {
        self.tools = Dictionary(
            tools.map { ($0.interface.name, $0) },
            uniquingKeysWith: { first, _ in preconditionFailure("two tools are called '\(first.interface.name)'") })
        self.contentDigest = contentDigest
    }

    /// Sorted by name.
    package var interfaces: [ToolInterface] {
        tools.values.map(\.interface).sorted { $0.name < $1.name }
    }

    package func tool(named name: String) -> (any Tool)? { tools[name] }

    /// The content digest of a file: canonical for tensors and pictures, of the bytes for all else.
    package func content(ofFileAt path: FilePath, format: ArtifactFormat) throws -> Digest {
        format.hasCanonicalContent ? try contentDigest(path, format) : try FileDigest(ofFileAt: path).digest
    }
}

/// What a tool is handed: its inputs, settings and places to write, and a way to say how far it is.
package struct ToolContext: Sendable {
    package let settings: ToolSettings
    /// The manifest's claims as JSON, for tools that read them.
    package let claims: [JSONValue]
    /// How many threads it may use; nothing it writes may depend on that.
    package let threads: Int
    /// A folder that outlives failed attempts of the same action, for checkpoints.
    package let checkpointFolder: FilePath
    private let inputs: [String: [ToolInput]]
    private let outputs: [String: FilePath]
    private let progress: @Sendable (StageProgress) -> Void
    private let note: @Sendable (String) -> Void

    package init(
        settings: ToolSettings, claims: [JSONValue] = [], threads: Int, checkpointFolder: FilePath,
        inputs: [String: [ToolInput]], outputs: [String: FilePath],
        progress: @escaping @Sendable (StageProgress) -> Void = { _ in },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.claims = claims
        self.threads = threads
        self.checkpointFolder = checkpointFolder
        self.inputs = inputs
        self.outputs = outputs
        self.progress = progress
        self.note = note
    }

    /// The artifacts under one of the interface's input names, in the manifest's order.
    package func inputs(_ name: String) -> [ToolInput] { inputs[name] ?? [] }

    /// The artifact under an input that the interface says is always there.
    package func input(_ name: String) -> ToolInput {
        guard let input = inputs[name]?.first else { preconditionFailure("the tool has no input '\(name)'") }
        return input
    }

    /// The artifact under an optional input.
    package func optionalInput(_ name: String) -> ToolInput? { inputs[name]?.first }

    /// Where to write an output.
    package func output(_ name: String) -> FilePath {
        guard let path = outputs[name] else { preconditionFailure("the tool has no output '\(name)'") }
        return path
    }

    package func report(_ progress: StageProgress) { self.progress(progress) }

    /// Leaves a remark in the stage's log.
    package func remark(_ text: String) { note(text) }
}

/// One artifact that a tool reads.
package struct ToolInput: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        /// Relative to the source's folder.
        package let name: String
        package let path: FilePath
        /// What a file outside the cache has to hold, as the stage's key says: it may change at any moment.
        ///
        /// `nil` for a file of the cache, whose bytes were verified.
        package let bytes: FileDigest?

        package init(name: String, path: FilePath, bytes: FileDigest? = nil) {
            self.name = name
            self.path = path
            self.bytes = bytes
        }
    }

    package let format: ArtifactFormat
    /// One file for an artifact of the cache; all files of a source, sorted by name.
    package let files: [File]
    /// The catalogue that a source must agree with, by the name of the part that is meant; the name is empty where the
    /// catalogue has no parts.
    package let catalogue: File?

    package init(format: ArtifactFormat, files: [File], catalogue: File? = nil) {
        self.format = format
        self.files = files
        self.catalogue = catalogue
    }

    /// The file of an artifact that is one.
    package var path: FilePath {
        guard let file = files.first, files.count == 1 else { preconditionFailure("the input is not one file") }
        return file.path
    }
}

/// How far a stage is, for example epoch 3 of 40.
package struct StageProgress: Hashable, Sendable {
    /// What is counted, in the plural: `images`, `epochs`, `patches`.
    package let counted: String
    package let done: Int
    package let total: Int
    /// More to know, for example `loss 0.0021, 31.20 dB`.
    package let remark: String?

    package init(_ counted: String, done: Int, total: Int, remark: String? = nil) {
        self.counted = counted
        self.done = done
        self.total = total
        self.remark = remark
    }
}

/// Why a tool could not do its work, in words its user can act on.
package struct ToolFailure: Error, Hashable, Sendable {
    /// Which line of the manifest it belongs to.
    package enum Place: Hashable, Sendable {
        case stage
        /// `element` counts from 0 and means that element of a list.
        case setting(String, element: Int? = nil)
        case input(String)
        /// The catalogue of the source under an input.
        case catalogue(ofInput: String)
    }

    /// Lower case, no full stop, the file's name in single quotes.
    package let message: String
    package let place: Place
    /// Facts that belong to the message, one a line.
    package let details: [String]
    package let hint: String?

    package init(_ message: String, at place: Place = .stage, details: [String] = [], hint: String? = nil) {
        self.message = message
        self.place = place
        self.details = details
        self.hint = hint
    }
}

/// A tool's settings, complete and of the types its interface says.
package struct ToolSettings: Hashable, Sendable {
    private let values: [String: JSONValue]

    package init(_ values: [String: JSONValue]) {
        self.values = values
    }

    package func integer(_ name: String) -> Int { required(optionalInteger(name), name) }
    package func number(_ name: String) -> Double { required(optionalNumber(name), name) }
    package func text(_ name: String) -> String { required(optionalText(name), name) }
    package func boolean(_ name: String) -> Bool { required(values[name]?.boolean, name) }
    package func integers(_ name: String) -> [Int] { required(values[name]?.array, name).compactMap(\.integer) }
    package func numbers(_ name: String) -> [Double] { required(values[name]?.array, name).compactMap(\.number) }
    package func texts(_ name: String) -> [String] { required(values[name]?.array, name).compactMap(\.text) }
    package func optionalInteger(_ name: String) -> Int? { values[name]?.integer }
    package func optionalNumber(_ name: String) -> Double? { values[name]?.number }
    package func optionalText(_ name: String) -> String? { values[name]?.text }
    package func optionalTexts(_ name: String) -> [String]? { values[name]?.array?.compactMap(\.text) }
    package func optionalBoolean(_ name: String) -> Bool? { values[name]?.boolean }

    /// The elements of a list of items, in its order.
    package func items(_ name: String, of type: ItemType) -> [SettingItem] {
        required(optionalItems(name, of: type), name)
    }

    package func optionalItems(_ name: String, of type: ItemType) -> [SettingItem]? {
        values[name]?.array?.map { element -> SettingItem in
            let members = element.object ?? [:]
            guard let kind = type.kinds.first(where: { members[$0.name] != nil }) else {
                preconditionFailure("the tool's interface promises kinds to '\(name)' that the list does not have")
            }
            return SettingItem(kind: kind.name, fields: ToolSettings(members))
        }
    }

    private func required<Value>(_ value: Value?, _ name: String) -> Value {
        guard let value else { preconditionFailure("the tool's interface promises a setting '\(name)'") }
        return value
    }
}

/// One element of a setting that is a list of items.
package struct SettingItem: Hashable, Sendable {
    /// For example `convolution`.
    package let kind: String
    /// The fields by their names, and the value of a kind that has one by the name of the kind.
    package let fields: ToolSettings
}
