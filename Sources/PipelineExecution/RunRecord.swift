// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import SystemPackage

/// What became of one stage in a run.
package struct StageRecord: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable {
        case ran
        case hit
        case failed
        case skipped

        /// Whether the stage has a result: it was made, or was there.
        package var hasResult: Bool { self == .ran || self == .hit }
    }

    package var stage: String
    package var outcome: Outcome
    /// Why it ran, failed or was skipped; of a hit, who made the result where it was not there when the run began, else
    /// empty.
    package var reason: String
    package var key: ActionKey?
    package var seconds: Double
    package var processorSeconds: Double
    package var peakMemoryBytes: Int
    /// What of `seconds` the tool or command itself took; the rest is starting, hashing, storing and waiting.
    package var workSeconds: Double
    /// How often it was tried in this run; 0 for a hit.
    package var attempts: Int
    package var outputs: [Artifact]
    /// The test sets it scored, when it ran.
    package var scorings: [TestScoring]

    package init(
        stage: String, outcome: Outcome, reason: String = "", key: ActionKey? = nil, seconds: Double = 0,
        processorSeconds: Double = 0, peakMemoryBytes: Int = 0, workSeconds: Double = 0, attempts: Int = 0,
        outputs: [Artifact] = [], scorings: [TestScoring] = []
    ) {
        self.stage = stage
        self.outcome = outcome
        self.reason = reason
        self.key = key
        self.seconds = seconds
        self.processorSeconds = processorSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.workSeconds = workSeconds
        self.attempts = attempts
        self.outputs = outputs
        self.scorings = scorings
    }
}

extension StageRecord {
    /// The reason of a hit whose result another stage of the same run made.
    static func reason(forWorkOf maker: String) -> String { "the same work as '\(maker)'" }
}

/// One scoring of a model on a test set: each look at a test set is one, and too many of them are a way to learn from
/// it.
package struct TestScoring: Hashable, Sendable {
    /// The content of the test images.
    package let images: Digest
    /// The content of the model, `nil` for a baseline without one.
    package let model: Digest?

    package init(images: Digest, model: Digest?) {
        self.images = images
        self.model = model
    }
}

/// A score that a run gave, as `best` compares it; the words are those of the document that holds it.
package struct RunScore: Hashable, Sendable {
    package let stage: String
    package let model: String
    package let metric: String
    package let dataset: String
    package let scale: Int
    package let protocolName: String
    package let value: Double

    package init(
        stage: String, model: String, metric: String, dataset: String, scale: Int, protocolName: String, value: Double
    ) {
        self.stage = stage
        self.model = model
        self.metric = metric
        self.dataset = dataset
        self.scale = scale
        self.protocolName = protocolName
        self.value = value
    }
}

/// What ran, hit and failed in one run, and where.
package struct RunRecord: Hashable, Sendable {
    /// A record holds some twenty values a stage and ten an output.
    package static let valueLimit = 1 << 23

    /// Sorts by time: `20261121T101500.123456Z-01a2b3c4`.
    package var id: String
    package var pipeline: String
    /// The manifest's path as the user gave it.
    package var manifest: String
    package var seconds: Double
    /// System, processor, SIMD level, compiler and library versions.
    package var environment: [String: String]
    /// `--set`, as given.
    package var overrides: [String: String]
    package var forced: [String]
    package var note: String?
    package var stages: [StageRecord]
    /// Its place among the runs of its cache, from 1, so that a clock that jumps does not change their order; `nil` in
    /// records of versions that had none.
    package var sequence: Int?
    /// The folder that `manifest` and `data` are named from, and the data folder as the user gave it.
    package var folder: String?
    package var data: String?
    /// Means only.
    package var scores: [RunScore]

    package init(
        id: String, pipeline: String, manifest: String, seconds: Double, environment: [String: String],
        overrides: [String: String], forced: [String], note: String?, stages: [StageRecord], sequence: Int? = nil,
        folder: String? = nil, data: String? = nil, scores: [RunScore] = []
    ) {
        self.id = id
        self.pipeline = pipeline
        self.manifest = manifest
        self.seconds = seconds
        self.environment = environment
        self.overrides = overrides
        self.forced = forced
        self.note = note
        self.stages = stages
        self.sequence = sequence
        self.folder = folder
        self.data = data
        self.scores = scores
    }

    /// The manifest, wherever this process works.
    package var manifestFile: FilePath { path(manifest) }

    package var dataFolder: FilePath { path(data ?? "data") }

    /// Beside the manifest: `x3.yml` -> `x3.lock`.
    package var lockFile: FilePath {
        manifestFile.removingLastComponent().appending((manifestFile.stem ?? "pipeline") + ".lock")
    }

    private func path(_ text: String) -> FilePath {
        guard let folder, FilePath(text).isRelative else { return FilePath(text) }
        return FilePath(folder).pushing(FilePath(text))
    }
}

extension RunRecord {
    static let schema = 1

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "schema": .integer(Self.schema), "id": .text(id), "pipeline": .text(pipeline),
            "manifest": .text(manifest), "seconds": .number(seconds),
            "environment": .object(environment.mapValues { .text($0) }),
            "overrides": .object(overrides.mapValues { .text($0) }), "forced": .array(forced.map { .text($0) }),
            "stages": .array(stages.map(\.json)),
        ]
        if let note { members["note"] = .text(note) }
        if let sequence { members["sequence"] = .integer(sequence) }
        if let folder { members["folder"] = .text(folder) }
        if let data { members["data"] = .text(data) }
        if !scores.isEmpty { members["scores"] = .array(scores.map(\.json)) }
        return .object(members)
    }

    package init?(json: JSONValue) {
        guard json["schema"]?.integer == Self.schema, let id = json["id"]?.text,
            let pipeline = json["pipeline"]?.text, let manifest = json["manifest"]?.text,
            let stages = json["stages"]?.array
        else { return nil }
        self.init(
            id: id, pipeline: pipeline, manifest: manifest, seconds: json["seconds"]?.number ?? 0,
            environment: json["environment"]?.object?.compactMapValues(\.text) ?? [:],
            overrides: json["overrides"]?.object?.compactMapValues(\.text) ?? [:],
            forced: json["forced"]?.array?.compactMap(\.text) ?? [], note: json["note"]?.text,
            stages: stages.compactMap { StageRecord(json: $0) }, sequence: json["sequence"]?.integer,
            folder: json["folder"]?.text, data: json["data"]?.text,
            scores: (json["scores"]?.array ?? []).compactMap { RunScore(json: $0) })
    }
}

extension RunScore {
    package var json: JSONValue {
        [
            "stage": .text(stage), "model": .text(model), "metric": .text(metric), "dataset": .text(dataset),
            "scale": .integer(scale), "protocol": .text(protocolName), "value": .number(value),
        ]
    }

    fileprivate init?(json: JSONValue) {
        guard let stage = json["stage"]?.text, let model = json["model"]?.text, let metric = json["metric"]?.text,
            let dataset = json["dataset"]?.text, let scale = json["scale"]?.integer,
            let protocolName = json["protocol"]?.text, let value = json["value"]?.number
        else { return nil }
        self.init(
            stage: stage, model: model, metric: metric, dataset: dataset, scale: scale, protocolName: protocolName,
            value: value)
    }
}

extension StageRecord {
    /// As `run --json` prints it, with what only the record keeps.
    package var json: JSONValue {
        var members = publicJSON
        members["processorSeconds"] = .number(processorSeconds)
        members["peakMemoryBytes"] = .integer(peakMemoryBytes)
        members["workSeconds"] = .number(workSeconds)
        members["attempts"] = .integer(attempts)
        members["scorings"] = .array(
            scorings.map { scoring in
                [
                    "images": .text(scoring.images.description),
                    "model": scoring.model.map { .text($0.description) } ?? .null,
                ]
            })
        return .object(members)
    }

    /// The members that DESIGN's `run --json` promises.
    package var publicJSON: [String: JSONValue] {
        [
            "name": .text(stage), "outcome": .text(outcome.rawValue), "reason": .text(reason),
            "key": key.map { .text($0.description) } ?? .null, "seconds": .number(seconds),
            "outputs": ActionResult(outputs: outputs).json,
        ]
    }

    init?(json: JSONValue) {
        guard let stage = json["name"]?.text, let outcome = (json["outcome"]?.text).flatMap(Outcome.init(rawValue:))
        else { return nil }
        self.init(
            stage: stage, outcome: outcome, reason: json["reason"]?.text ?? "",
            key: json["key"]?.digest.map { ActionKey($0) }, seconds: json["seconds"]?.number ?? 0,
            processorSeconds: json["processorSeconds"]?.number ?? 0,
            peakMemoryBytes: json["peakMemoryBytes"]?.integer ?? 0, workSeconds: json["workSeconds"]?.number ?? 0,
            attempts: json["attempts"]?.integer ?? 0,
            outputs: json["outputs"].flatMap { ActionResult(json: $0) }?.outputs ?? [],
            scorings: (json["scorings"]?.array ?? []).compactMap { value in
                value["images"]?.digest.map { TestScoring(images: $0, model: value["model"]?.digest) }
            })
    }
}
