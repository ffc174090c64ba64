// SPDX-License-Identifier: Apache-2.0

package import ContentStore

/// What became of one stage in a run.
package struct StageRecord: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable {
        case ran
        case hit
        case failed
        case skipped
    }

    package var stage: String
    package var outcome: Outcome
    /// Why it ran, failed or was skipped; empty for a hit.
    package var reason: String
    package var key: ActionKey?
    package var seconds: Double
    package var processorSeconds: Double
    package var peakMemoryBytes: Int
    /// What of `seconds` the tool or command itself took; the rest is starting, hashing, storing and waiting.
    package var workSeconds: Double
    package var outputs: [Artifact]
    /// The test sets it scored, when it ran.
    package var scorings: [TestScoring]

    package init(
        stage: String, outcome: Outcome, reason: String = "", key: ActionKey? = nil, seconds: Double = 0,
        processorSeconds: Double = 0, peakMemoryBytes: Int = 0, workSeconds: Double = 0, outputs: [Artifact] = [],
        scorings: [TestScoring] = []
    ) {
        self.stage = stage
        self.outcome = outcome
        self.reason = reason
        self.key = key
        self.seconds = seconds
        self.processorSeconds = processorSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.workSeconds = workSeconds
        self.outputs = outputs
        self.scorings = scorings
    }
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

/// What ran, hit and failed in one run, and where.
package struct RunRecord: Hashable, Sendable {
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

    package init(
        id: String, pipeline: String, manifest: String, seconds: Double, environment: [String: String],
        overrides: [String: String], forced: [String], note: String?, stages: [StageRecord]
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
            stages: stages.compactMap { StageRecord(json: $0) })
    }
}

extension StageRecord {
    /// As `run --json` prints it, with what only the record keeps.
    package var json: JSONValue {
        var members = publicJSON
        members["processorSeconds"] = .number(processorSeconds)
        members["peakMemoryBytes"] = .integer(peakMemoryBytes)
        members["workSeconds"] = .number(workSeconds)
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
            outputs: json["outputs"].flatMap { ActionResult(json: $0) }?.outputs ?? [],
            scorings: (json["scorings"]?.array ?? []).compactMap { value in
                value["images"]?.digest.map { TestScoring(images: $0, model: value["model"]?.digest) }
            })
    }
}
