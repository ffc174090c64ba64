// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest
import SystemPackage

extension WorkOrder {
    package static let schema = 2

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "schema": .integer(Self.schema), "stage": .text(stage), "folder": .text(folder.string),
            "checkpoint": .text(checkpointFolder.string), "threads": .integer(threads),
            "inputs": .array(
                inputs.map { input in
                    [
                        "name": .text(input.name), "list": .boolean(input.isList),
                        "artifacts": .array(input.artifacts.map(\.json)),
                    ]
                }),
            "outputs": .array(
                outputs.map { output in
                    [
                        "name": .text(output.name), "format": .text(output.format.rawValue),
                        "path": .text(output.path.string),
                    ]
                }),
        ]
        switch work {
        case .tool(let name, let version, let settings, let claims):
            members["tool"] = .text(name)
            members["toolVersion"] = .integer(version)
            members["settings"] = .object(settings)
            members["claims"] = .array(claims)
        case .contents:
            members["contents"] = true
        }
        return .object(members)
    }

    package init(json: JSONValue) throws {
        let reader = OrderReader(json)
        guard try reader.integer("schema") == Self.schema else {
            throw WorkOrderError(description: "this work order is of another version of Reprise")
        }
        stage = try reader.text("stage")
        folder = FilePath(try reader.text("folder"))
        checkpointFolder = FilePath(try reader.text("checkpoint"))
        threads = max(1, try reader.integer("threads"))
        inputs = try reader.array("inputs").map { value in
            let reader = OrderReader(value)
            return Input(
                name: try reader.text("name"), isList: try reader.boolean("list"),
                artifacts: try reader.array("artifacts").map { try ToolInput(json: $0) })
        }
        outputs = try reader.array("outputs").map { value in
            let reader = OrderReader(value)
            return Output(
                name: try reader.text("name"), format: try reader.format("format"),
                path: FilePath(try reader.text("path")))
        }
        if let name = json["tool"]?.text {
            work = .tool(
                name: name, version: try reader.integer("toolVersion"), settings: try reader.object("settings"),
                claims: try reader.array("claims"))
        } else {
            guard try reader.boolean("contents") else {
                throw WorkOrderError(description: "a work order says neither a tool nor contents")
            }
            work = .contents
        }
    }
}

extension ToolInput {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": .text(format.rawValue), "files": .array(files.map(\.json)),
        ]
        if let catalogue { members["catalogue"] = catalogue.json }
        return .object(members)
    }

    fileprivate init(json: JSONValue) throws {
        let reader = OrderReader(json)
        self.init(
            format: try reader.format("format"), files: try reader.array("files").map { try File(json: $0) },
            catalogue: try json["catalogue"].map { try File(json: $0) })
    }
}

extension ToolInput.File {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["name": .text(name), "path": .text(path.string)]
        if let bytes {
            members["digest"] = .text(bytes.digest.description)
            members["bytes"] = .integer(bytes.byteCount)
        }
        return .object(members)
    }

    fileprivate init(json: JSONValue) throws {
        let reader = OrderReader(json)
        let bytes: FileDigest? =
            if json["digest"] == nil { nil } else {
                FileDigest(digest: try reader.digest("digest"), byteCount: try reader.integer("bytes"))
            }
        self.init(name: try reader.text("name"), path: FilePath(try reader.text("path")), bytes: bytes)
    }
}

extension WorkReport {
    package var json: JSONValue {
        var members = cost?.members ?? [:]
        switch self {
        case .done(let contents, _): members["contents"] = .object(contents.mapValues { .text($0.description) })
        case .failed(let failure, _): members["failure"] = failure.json
        case .diskFailed(let message, _): members["diskFailure"] = .text(message)
        }
        return .object(members)
    }

    package init(json: JSONValue) throws {
        if let failure = json["failure"] {
            self = .failed(try ToolFailure(json: failure), cost: try WorkCost(ifIn: json))
        } else if let message = json["diskFailure"]?.text {
            self = .diskFailed(message, cost: try WorkCost(ifIn: json))
        } else {
            var contents: [String: Digest] = [:]
            for (name, value) in try OrderReader(json).object("contents") {
                guard let digest = value.digest else {
                    throw WorkOrderError(description: "a work report holds a digest that is none")
                }
                contents[name] = digest
            }
            self = .done(contents: contents, cost: try WorkCost(json: json))
        }
    }
}

extension WorkCost {
    fileprivate var members: [String: JSONValue] {
        [
            "processorSeconds": .number(processorSeconds), "peakMemoryBytes": .integer(peakMemoryBytes),
            "workSeconds": .number(workSeconds),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        let reader = OrderReader(json)
        self.init(
            processorSeconds: try reader.number("processorSeconds"),
            peakMemoryBytes: try reader.integer("peakMemoryBytes"), workSeconds: json["workSeconds"]?.number ?? 0)
    }

    /// `nil` where nothing is said of it.
    fileprivate init?(ifIn json: JSONValue) throws {
        guard json["processorSeconds"] != nil else { return nil }
        try self.init(json: json)
    }
}

extension ToolFailure {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["message": .text(message)]
        if let hint { members["hint"] = .text(hint) }
        if !details.isEmpty { members["details"] = .array(details.map { .text($0) }) }
        switch place {
        case .stage: break
        case .setting(let name, let element):
            members["setting"] = .text(name)
            if let element { members["element"] = .integer(element) }
        case .input(let name): members["input"] = .text(name)
        case .catalogue(let input): members["catalogue"] = .text(input)
        }
        return .object(members)
    }

    fileprivate init(json: JSONValue) throws {
        let place: Place =
            if let name = json["setting"]?.text {
                .setting(name, element: json["element"]?.integer)
            } else if let name = json["input"]?.text {
                .input(name)
            } else if let input = json["catalogue"]?.text {
                .catalogue(ofInput: input)
            } else { .stage }
        let reader = OrderReader(json)
        self.init(
            try reader.text("message"), at: place,
            details: json["details"] == nil ? [] : try reader.texts("details"), hint: json["hint"]?.text)
    }
}

/// Takes members out of a JSON object, refusing what is missing or of another type.
private struct OrderReader {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    func member(_ name: String) throws -> JSONValue {
        guard let value = json[name] else {
            throw WorkOrderError(description: "a work order or report lacks '\(name)'")
        }
        return value
    }

    func text(_ name: String) throws -> String { try typed(name, try member(name).text) }
    func digest(_ name: String) throws -> Digest { try typed(name, try member(name).digest) }
    func integer(_ name: String) throws -> Int { try typed(name, try member(name).integer) }
    func number(_ name: String) throws -> Double { try typed(name, try member(name).number) }
    func boolean(_ name: String) throws -> Bool { try typed(name, try member(name).boolean) }
    func array(_ name: String) throws -> [JSONValue] { try typed(name, try member(name).array) }
    func object(_ name: String) throws -> [String: JSONValue] { try typed(name, try member(name).object) }
    func texts(_ name: String) throws -> [String] { try array(name).map { try Self.text($0, of: name) } }

    func format(_ name: String) throws -> ArtifactFormat {
        try typed(name, ArtifactFormat(rawValue: try text(name)))
    }

    static func text(_ value: JSONValue, of name: String) throws -> String { try typed(name, value.text) }

    private func typed<Value>(_ name: String, _ value: Value?) throws -> Value { try Self.typed(name, value) }

    private static func typed<Value>(_ name: String, _ value: Value?) throws -> Value {
        guard let value else {
            throw WorkOrderError(description: "a work order or report has a '\(name)' of the wrong type")
        }
        return value
    }
}
