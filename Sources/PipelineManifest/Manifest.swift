// SPDX-License-Identifier: Apache-2.0

/// What the author asked for: sources, stages with their settings, and the paper's claims.
///
/// A manifest is well formed in itself: every key known, every value of its type, every tool's settings complete with
/// their defaults. Whether references lead anywhere is the business of the stage graph.
package struct Manifest: Sendable {
    package let source: SourceText
    /// For example `fsrcnn-x3`; where it is left out, the name of the file or its folder.
    package let name: String
    package let title: String?
    package let paper: Paper?
    /// What the paper leaves unsaid, and what was chosen.
    package let assumptions: [Assumption]
    /// The author's named settings, after `--set`.
    package let settings: [Setting]
    package let sources: [Source]
    package let stages: [Stage]
    package let claims: [Claim]
    /// What the stages that run at once share out among them, beside processors and memory.
    package let pools: [Pool]

    package init(
        source: SourceText, name: String, title: String?, paper: Paper?, assumptions: [Assumption],
        settings: [Setting], sources: [Source], stages: [Stage], claims: [Claim], pools: [Pool] = []
    ) {
        self.source = source
        self.name = name
        self.title = title
        self.paper = paper
        self.assumptions = assumptions
        self.settings = settings
        self.sources = sources
        self.stages = stages
        self.claims = claims
        self.pools = pools
    }
}

/// Something of which the machine has so much, for example `gpu: 1` or `licence: 4`.
///
/// `cpu` (processors) and `memory` (bytes) are pools that every machine has; a manifest's own has another name.
package struct Pool: Hashable, Sendable {
    package let name: Located<String>
    /// At least 1.
    package let capacity: Int

    package init(name: Located<String>, capacity: Int) {
        self.name = name
        self.capacity = capacity
    }
}

/// The paper that a pipeline reproduces.
package struct Paper: Hashable, Sendable {
    package let title: String
    package let authors: String?
    package let year: Int?
    /// Where it can be found, for example `arXiv 1608.00367`.
    package let reference: String?

    package init(title: String, authors: String?, year: Int?, reference: String?) {
        self.title = title
        self.authors = authors
        self.year = year
        self.reference = reference
    }
}

/// One thing the paper leaves unsaid, and what was chosen for it.
package struct Assumption: Hashable, Sendable {
    package let about: String
    package let chosen: String
    package let reason: String?

    package init(about: String, chosen: String, reason: String?) {
        self.about = about
        self.chosen = chosen
        self.reason = reason
    }
}

/// A named value of the manifest that `${name}` stands for and `--set` changes.
package struct Setting: Hashable, Sendable {
    package let name: Located<String>
    package let value: SettingValue
    /// Whether `--set` gave the value.
    package let isOverridden: Bool

    package init(name: Located<String>, value: SettingValue, isOverridden: Bool) {
        self.name = name
        self.value = value
        self.isOverridden = isOverridden
    }
}

/// Files outside the cache: a folder or one file.
package struct Source: Hashable, Sendable {
    package let name: Located<String>
    /// Relative to the data folder, or absolute.
    package let path: Located<String>
    /// Patterns for the files of the folder that count, for example `*.png`; empty means all but hidden ones.
    package let files: [Located<String>]
    package let role: Role?
    /// What the files must be, where the author names a catalogue of them.
    package let catalogue: Located<CatalogueReference>?

    package init(
        name: Located<String>, path: Located<String>, files: [Located<String>], role: Role?,
        catalogue: Located<CatalogueReference>? = nil
    ) {
        self.name = name
        self.path = path
        self.files = files
        self.role = role
        self.catalogue = catalogue
    }
}

/// One step of the pipeline.
package struct Stage: Sendable {
    package enum Work: Sendable {
        case tool(ToolInterface, name: Located<String>)
        case command(Command)
    }

    package let name: Located<String>
    package let work: Work
    package let inputs: [StageInput]
    /// Sorted by name and complete with the tool's defaults; empty for a command.
    package let settings: [StageSetting]
    /// The tool's, or those the command declares.
    package let outputs: [StageOutput]
    package let limits: StageLimits
    /// What a stage of a `foreach` or `matrix` was made of.
    package let group: StageGroup?

    /// The name under which the author wrote it: `train` of `train@scale=2`.
    package var title: String { group?.name ?? name.value }

    package init(
        name: Located<String>, work: Work, inputs: [StageInput], settings: [StageSetting], outputs: [StageOutput],
        limits: StageLimits = .none, group: StageGroup? = nil
    ) {
        self.name = name
        self.work = work
        self.inputs = inputs
        self.settings = settings
        self.outputs = outputs
        self.limits = limits
        self.group = group
    }
}

/// What a stage takes of the machine while it runs, and how often and how long it is tried.
///
/// Nothing of it is part of any key: it decides when a result is there, never which.
package struct StageLimits: Hashable, Sendable {
    package static let none = StageLimits()

    /// Nobody asks for more retries.
    package static let maximumRetries = 1000

    /// How much of each pool it takes: `cpu` in processors, `memory` in bytes, the manifest's own by their names.
    package let resources: [String: Int]
    /// Further attempts after one that failed.
    package let retries: Int
    /// Seconds before the first further attempt; twice as many before each one after it.
    package let backoff: Double
    /// Seconds after which an attempt is ended; `nil` is never.
    package let timeout: Double?

    package init(resources: [String: Int] = [:], retries: Int = 0, backoff: Double = 1, timeout: Double? = nil) {
        self.resources = resources
        self.retries = retries
        self.backoff = backoff
        self.timeout = timeout
    }
}

/// The stage as the author wrote it, of which `foreach` or `matrix` made several: `train` of `train@scale=3,seed=1`.
package struct StageGroup: Hashable, Sendable {
    package let name: String
    /// The variables with this stage's values, sorted by name.
    package let values: [(name: String, value: SettingValue)]

    package init(name: String, values: [(name: String, value: SettingValue)]) {
        self.name = name
        self.values = values
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.values.elementsEqual(right.values, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        for (name, value) in values {
            hasher.combine(name)
            hasher.combine(value)
        }
    }
}

/// A stage's input: the artifacts that stand under one of its names.
package struct StageInput: Hashable, Sendable {
    package let name: String
    package let references: [Located<ArtifactReference>]
    /// Whether the tool takes any number of artifacts here, so that order and count matter.
    package let isList: Bool
    /// What the tool accepts; empty accepts all.
    package let formats: [ArtifactFormat]
    package let purpose: InputPurpose
    /// Whether the tool checks a source's files against the source's catalogue.
    package let checksCatalogue: Bool

    package init(
        name: String, references: [Located<ArtifactReference>], isList: Bool, formats: [ArtifactFormat],
        purpose: InputPurpose, checksCatalogue: Bool = false
    ) {
        self.name = name
        self.references = references
        self.isList = isList
        self.formats = formats
        self.purpose = purpose
        self.checksCatalogue = checksCatalogue
    }
}

/// How a manifest names an artifact: `t91` (a source), `patches` (a stage's first output) or `split/train`.
package struct ArtifactReference: Hashable, Sendable, CustomStringConvertible {
    package let producer: String
    package let output: String?

    package init(producer: String, output: String?) {
        self.producer = producer
        self.output = output
    }

    package var description: String { output.map { "\(producer)/\($0)" } ?? producer }
}

/// One setting of a stage with its value, and its place where the author wrote one.
package struct StageSetting: Hashable, Sendable {
    package let name: String
    package let value: SettingValue
    package let location: SourceLocation?
    /// The places of a list's elements; empty where the author wrote no list.
    package let elementLocations: [SourceLocation]

    package init(
        name: String, value: SettingValue, location: SourceLocation?, elementLocations: [SourceLocation] = []
    ) {
        self.name = name
        self.value = value
        self.location = location
        self.elementLocations = elementLocations
    }
}

/// One output of a stage.
package struct StageOutput: Hashable, Sendable {
    package let name: String
    package let format: ArtifactFormat
    package let role: Role?
    /// For a command: the file it writes, relative to its working folder.
    package let path: String?

    package init(name: String, format: ArtifactFormat, role: Role?, path: String?) {
        self.name = name
        self.format = format
        self.role = role
        self.path = path
    }
}

/// A stage's `run:` - any program, with all it reads declared.
package struct Command: Hashable, Sendable {
    /// The program and its arguments; `${inputs.NAME}` and `${outputs.NAME}` already stand as paths relative to the
    /// working folder, so that the line is the same on every machine.
    package let arguments: [String]
    /// The shell that is handed `arguments[0]` as a script, where the author asked for one.
    package let shell: String?
    /// Files, folders and patterns of the project that the command runs, relative to `folder`; copied beside the
    /// command under these names.
    package let code: [Located<String>]
    /// The whole environment of the command but for `PATH`, sorted by name.
    package let environment: [EnvironmentVariable]
    /// Commands whose output counts into the key, such as `python3 -m pip freeze`.
    package let probes: [Located<[String]>]
    package let learns: Bool
    /// Programs whose files count into the key: names looked up in `PATH`, or paths.
    package let programs: [Located<String>]
    /// Variables of the user's environment that the command sees and that no key, log or record holds.
    package let secrets: [Located<String>]
    /// A folder below the working folder that outlives failed attempts at the same action, for checkpoints.
    package let resume: String?
    /// Where code and programs are looked up and probes run: that of the file the stage stands in, relative to the
    /// manifest's folder and empty where that is it.
    package let folder: String

    package init(
        arguments: [String], shell: String?, code: [Located<String>], environment: [EnvironmentVariable],
        probes: [Located<[String]>], learns: Bool, programs: [Located<String>] = [], secrets: [Located<String>] = [],
        resume: String? = nil, folder: String = ""
    ) {
        self.arguments = arguments
        self.shell = shell
        self.code = code
        self.environment = environment
        self.probes = probes
        self.learns = learns
        self.programs = programs
        self.secrets = secrets
        self.resume = resume
        self.folder = folder
    }
}

/// A variable that a command sees, and its value.
package struct EnvironmentVariable: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A number that the paper reports.
package struct Claim: Hashable, Sendable {
    package let name: Located<String>
    package let model: String
    package let metric: String
    package let dataset: String
    package let scale: Int
    /// The protocol under which the paper's figure is understood to be measured.
    package let evaluationProtocol: String
    /// As printed, for example `33.06`: its decimals decide what counts as a match.
    package let printed: String
    package let tolerance: Double?
    /// Where in the paper, for example `Table 3`.
    package let place: String?
    /// Whether the figure was checked against the paper itself.
    package let isVerified: Bool

    package init(
        name: Located<String>, model: String, metric: String, dataset: String, scale: Int,
        evaluationProtocol: String, printed: String, tolerance: Double?, place: String?, isVerified: Bool
    ) {
        self.name = name
        self.model = model
        self.metric = metric
        self.dataset = dataset
        self.scale = scale
        self.evaluationProtocol = evaluationProtocol
        self.printed = printed
        self.tolerance = tolerance
        self.place = place
        self.isVerified = isVerified
    }
}
