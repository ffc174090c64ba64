// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest

/// A JSON Schema (draft 2020-12) of manifests, for editors that complete and check while one writes.
///
/// It is made of the tables that the reader uses and of the tools' interfaces. It knows less than the reader: what a
/// reference leads to, and whether two things go together, only `validate` says. It holds for included files too.
package struct ManifestSchema {
    package let json: JSONValue

    package init(interfaces: [ToolInterface]) {
        var members = Self.mapping(of: ManifestKeys.all, required: ["reprise"]) { Self.section($0) }.object ?? [:]
        members["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        members["title"] = "Reprise manifest"
        members["$defs"] = [
            "name": ["type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,99}$"],
            "text": ["type": ["string", "number", "boolean"]],
            "texts": ["anyOf": [Self.reference(to: "text"), ["type": "array", "items": Self.reference(to: "text")]]],
            "interpolated": [
                "type": "string", "pattern": "\\$\\{", "description": "a text with the values of settings put in",
            ],
            "time": Self.quantity(Quantity.timeUnits),
            "stage": Self.stage(interfaces),
        ]
        json = .object(members)
    }

    // MARK: Sections

    private static func section(_ key: String) -> JSONValue {
        switch key {
        case "reprise": described("the version of this form", ["const": .integer(Manifest.schemaVersion)])
        case "name": described("the pipeline's name", reference(to: "name"))
        case "title": described("one line for people", reference(to: "text"))
        case "paper": described("what is reproduced", mapping(of: ManifestKeys.paper, required: ["title"], paper))
        case "assumptions":
            described(
                "what the paper leaves unsaid, and what was chosen for it",
                list(
                    of: mapping(of: ManifestKeys.assumption, required: ["about", "chosen"]) { _ in
                        reference(to: "text")
                    }))
        case "includes": described("files with more sections of this manifest", reference(to: "texts"))
        case "settings":
            described("values with names, for ${name} and --set", names(of: ["not": ["type": "null"]]))
        case "pools":
            described(
                "what stages that run at once share out, and how much of it there is",
                names(of: ["type": "integer", "minimum": 1]))
        case "sources":
            described(
                "data outside the cache", names(of: mapping(of: ManifestKeys.source, required: ["path"], source)))
        case "stages": described("the steps of the pipeline", names(of: reference(to: "stage")))
        case "claims":
            described(
                "the figures that the paper reports",
                list(
                    of: mapping(
                        of: ManifestKeys.claim,
                        required: ["name", "model", "metric", "dataset", "scale", "protocol", "value"], claim)))
        default: preconditionFailure("the key '\(key)' of a manifest has no schema")
        }
    }

    private static func paper(_ key: String) -> JSONValue {
        switch key {
        case "authors": reference(to: "texts")
        case "year": ["type": "integer", "minimum": 1000, "maximum": 9999]
        default: reference(to: "text")
        }
    }

    private static func source(_ key: String) -> JSONValue {
        switch key {
        case "path": described("a folder or a file; a relative one is in the data folder", reference(to: "text"))
        case "files": described("patterns for the files of the folder that count", reference(to: "texts"))
        case "role": described("what the samples may be used for", role)
        default: described("the catalogue that the images must agree with: FILE or FILE#PART", reference(to: "text"))
        }
    }

    private static func claim(_ key: String) -> JSONValue {
        switch key {
        case "name": reference(to: "name")
        case "metric": ["enum": ["psnr", "ssim", "mse", "mae"]]
        case "scale": orInterpolated(["type": "integer", "minimum": 1, "maximum": 64])
        case "value":
            described("the figure with the digits that the paper prints", ["type": ["number", "string"]])
        case "tolerance": orInterpolated(["type": "number", "exclusiveMinimum": 0])
        case "source": ["enum": ["verified", "unverified"]]
        default: reference(to: "text")
        }
    }

    // MARK: Stages

    private static func stage(_ interfaces: [ToolInterface]) -> JSONValue {
        var members = mapping(of: StageKeys.all, required: []) { stageKey($0, interfaces) }.object ?? [:]
        members["oneOf"] = .array(StageKeys.work.map { ["required": [.text($0)]] })
        members["allOf"] = .array(
            [
                forbidding(StageKeys.all.filter { !(StageKeys.tool + StageKeys.groups).contains($0) }, beside: "tool"),
                forbidding(["settings", "interpreter"], beside: "run"), forbidding(["settings"], beside: "shell"),
                ["if": ["required": ["run"]], "then": ["required": ["outputs"]]],
                ["if": ["required": ["shell"]], "then": ["required": ["outputs"]]],
                ["if": ["required": ["exclude"]], "then": ["required": ["matrix"]]],
                ["not": ["required": ["foreach", "matrix"]]],
            ] + interfaces.map { tool($0) })
        return .object(members)
    }

    private static func forbidding(_ keys: [String], beside work: String) -> JSONValue {
        let refused = keys.filter { $0 != work }.map { ($0, JSONValue.boolean(false)) }
        return [
            "if": ["required": [.text(work)]],
            "then": ["properties": .object(Dictionary(uniqueKeysWithValues: refused))],
        ]
    }

    private static func stageKey(_ key: String, _ interfaces: [ToolInterface]) -> JSONValue {
        switch key {
        case "tool": described("a tool of Reprise", ["enum": .array(interfaces.map { .text($0.name) })])
        case "run": described("a command line, or a list of words", reference(to: "texts"))
        case "shell": described("a script, handed to 'interpreter'", reference(to: "text"))
        case "interpreter": described("the shell; /bin/sh where it is left out", reference(to: "text"))
        case "inputs": described("what it reads: names of sources and stages", [:])
        case "settings": described("as the tool asks for", [:])
        case "outputs": described("the files and folders that the command writes", outputs)
        case "code": described("files, folders and patterns of what the command runs", reference(to: "texts"))
        case "programs": described("programs whose bytes count", reference(to: "texts"))
        case "environment":
            described(
                "variables that the command sees",
                [
                    "type": ["object", "null"], "propertyNames": ["pattern": "^[A-Za-z_][A-Za-z0-9_]*$"],
                    "additionalProperties": reference(to: "text"),
                ])
        case "secrets": described("names of variables of your own environment", reference(to: "texts"))
        case "probe":
            described(
                "commands whose output counts",
                ["anyOf": [reference(to: "text"), ["type": "array", "items": reference(to: "texts")]]])
        case "resume": described("a folder that outlives failed attempts", reference(to: "text"))
        case "learns": described("whether it fits or chooses anything by its inputs", ["type": "boolean"])
        case "resources": described("what it takes while it runs", resources)
        case "retries": described("how often it is tried again", retries)
        case "timeout": described("when an attempt is ended", reference(to: "time"))
        case "foreach":
            described(
                "a stage for each element or member",
                orInterpolated(["type": ["array", "object"], "minItems": 1, "minProperties": 1]))
        case "matrix":
            described(
                "a stage for each combination of values",
                [
                    "type": "object", "minProperties": 1, "propertyNames": reference(to: "name"),
                    "additionalProperties": orInterpolated([
                        "type": "array", "minItems": 1, "items": reference(to: "text"),
                    ]),
                ])
        case "exclude": described("combinations that are left out", list(of: ["type": "object", "minProperties": 1]))
        default: preconditionFailure("the key '\(key)' of a stage has no schema")
        }
    }

    private static var outputs: JSONValue {
        let long = mapping(of: StageKeys.output, required: ["path"]) { key in
            switch key {
            case "format": ["enum": .array(ArtifactFormat.allCases.map { .text($0.rawValue) })]
            case "role": role
            default: reference(to: "text")
            }
        }
        return [
            "type": "object", "minProperties": 1, "propertyNames": reference(to: "name"),
            "additionalProperties": ["anyOf": [reference(to: "text"), long]],
        ]
    }

    private static var resources: JSONValue {
        let amount = orInterpolated(["type": "integer", "minimum": 1])
        return [
            "type": ["object", "null"], "propertyNames": reference(to: "name"),
            "properties": ["memory": ["anyOf": [amount, quantity(Quantity.memoryUnits)]]],
            "additionalProperties": amount,
        ]
    }

    private static var retries: JSONValue {
        let count = orInterpolated([
            "type": "integer", "minimum": 0, "maximum": .integer(StageLimits.maximumRetries),
        ])
        let long = mapping(of: StageKeys.retries, required: ["count"]) { key in
            key == "count" ? count : reference(to: "time")
        }
        return ["anyOf": [count, long]]
    }

    // MARK: Tools

    /// What a stage of one tool has under `inputs` and `settings`.
    private static func tool(_ interface: ToolInterface) -> JSONValue {
        var required: [JSONValue] = []
        if interface.inputs.contains(where: { $0.arity != .optional }) { required.append("inputs") }
        if interface.settings.contains(where: { $0.presence == .required }) { required.append("settings") }
        return [
            "if": ["properties": ["tool": ["const": .text(interface.name)]], "required": ["tool"]],
            "then": [
                "properties": ["inputs": inputs(of: interface), "settings": settings(of: interface)],
                "required": .array(required),
            ],
        ]
    }

    private static func inputs(of interface: ToolInterface) -> JSONValue {
        func references(_ input: ToolInterface.Input) -> JSONValue {
            input.arity == .many ? reference(to: "texts") : reference(to: "text")
        }
        let properties = interface.inputs.map { ($0.name, described($0.summary, references($0))) }
        let named: JSONValue = [
            "type": ["object", "null"], "properties": .object(Dictionary(uniqueKeysWithValues: properties)),
            "required": .array(interface.inputs.filter { $0.arity != .optional }.map { .text($0.name) }),
            "additionalProperties": false,
        ]
        guard interface.inputs.count == 1, let only = interface.inputs.first else { return named }
        return described(only.summary, ["anyOf": [references(only), named]])
    }

    private static func settings(of interface: ToolInterface) -> JSONValue {
        let properties = interface.settings.map { setting -> (String, JSONValue) in
            var members = described(setting.summary, value(of: setting.type)).object ?? [:]
            if case .defaulted(let value) = setting.presence { members["default"] = JSONValue(value) }
            return (setting.name, .object(members))
        }
        return [
            "type": ["object", "null"], "properties": .object(Dictionary(uniqueKeysWithValues: properties)),
            "required": .array(interface.settings.filter { $0.presence == .required }.map { .text($0.name) }),
            "additionalProperties": false,
        ]
    }

    private static func value(of type: SettingType) -> JSONValue {
        switch type {
        case .boolean: orInterpolated(["type": "boolean"])
        case .integer(let range): orInterpolated(integer(range))
        case .number(let range): orInterpolated(number(range))
        case .text: ["type": "string"]
        case .choice(let words): orInterpolated(["enum": .array(words.map { .text($0) })])
        case .integerChoice(let integers): orInterpolated(["enum": .array(integers.map { .integer($0) })])
        case .list(let element, let minimum):
            orInterpolated(["type": "array", "minItems": .integer(minimum), "items": value(of: element)])
        case .item(let type): orInterpolated(["anyOf": .array(type.kinds.flatMap { kind($0) })])
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSONValue {
        var members: [String: JSONValue] = ["type": "integer"]
        if range.lowerBound != .min { members["minimum"] = .integer(range.lowerBound) }
        if range.upperBound != .max { members["maximum"] = .integer(range.upperBound) }
        return .object(members)
    }

    private static func number(_ range: ClosedRange<Double>) -> JSONValue {
        var members: [String: JSONValue] = ["type": "number"]
        switch range.lowerBound {
        case .leastNonzeroMagnitude, .leastNormalMagnitude: members["exclusiveMinimum"] = 0
        case -Double.greatestFiniteMagnitude: break
        case let bound: members["minimum"] = .number(bound)
        }
        if range.upperBound < Double.greatestFiniteMagnitude { members["maximum"] = .number(range.upperBound) }
        return .object(members)
    }

    /// An item of one kind: its mapping, and its name alone where that says it all.
    private static func kind(_ kind: ItemType.Kind) -> [JSONValue] {
        var properties = [kind.name: kind.value.map { value(of: $0) } ?? ["const": true]]
        for field in kind.fields { properties[field.name] = described(field.summary, value(of: field.type)) }
        let required = kind.fields.filter { $0.presence == .required }.map(\.name)
        let long: JSONValue = [
            "type": "object", "description": .text(kind.summary), "properties": .object(properties),
            "required": .array(([kind.name] + required).map { .text($0) }), "additionalProperties": false,
        ]
        return kind.value == nil && required.isEmpty ? [["const": .text(kind.name)], long] : [long]
    }

    // MARK: Pieces

    private static var role: JSONValue { ["enum": .array(Role.allCases.map { .text($0.rawValue) })] }

    private static func reference(to definition: String) -> JSONValue { ["$ref": .text("#/$defs/\(definition)")] }

    private static func orInterpolated(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, reference(to: "interpolated")]]
    }

    private static func described(_ text: String, _ schema: JSONValue) -> JSONValue {
        var members = schema.object ?? [:]
        members["description"] = .text(text)
        return .object(members)
    }

    private static func quantity(_ units: [(name: String, factor: Double)]) -> JSONValue {
        let names = units.map(\.name).joined(separator: "|")
        return orInterpolated([
            "type": "string", "pattern": .text("^([0-9]+[.]?[0-9]*|[.][0-9]+) *(\(names))$"),
        ])
    }

    private static func list(of element: JSONValue) -> JSONValue { ["type": ["array", "null"], "items": element] }

    /// A mapping of names that the author chose.
    private static func names(of value: JSONValue) -> JSONValue {
        ["type": ["object", "null"], "propertyNames": reference(to: "name"), "additionalProperties": value]
    }

    private static func mapping(
        of keys: [String], required: [String], _ schema: (String) -> JSONValue
    ) -> JSONValue {
        [
            "type": "object",
            "properties": .object(Dictionary(uniqueKeysWithValues: keys.map { ($0, schema($0)) })),
            "required": .array(required.map { .text($0) }), "additionalProperties": false,
        ]
    }
}
