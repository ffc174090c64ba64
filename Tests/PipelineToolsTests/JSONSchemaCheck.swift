// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineManifest
import Testing
import Yams

/// As much of JSON Schema (draft 2020-12) as the schema of manifests uses; any other keyword is a failed test.
struct JSONSchemaCheck {
    private static let annotations: Set = ["$schema", "$defs", "title", "description", "default", "then"]

    let root: JSONValue

    func accepts(_ value: JSONValue) throws -> Bool { try accepts(value, root) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue) throws -> Bool {
        if let always = schema.boolean { return always }
        for (keyword, argument) in try #require(schema.object) where !Self.annotations.contains(keyword) {
            guard try holds(keyword, argument, value, schema) else { return false }
        }
        return true
    }

    private func holds(
        _ keyword: String, _ argument: JSONValue, _ value: JSONValue, _ schema: JSONValue
    ) throws -> Bool {
        switch keyword {
        case "$ref":
            let name = try #require(argument.text?.split(separator: "/").last.map(String.init))
            return try accepts(value, try #require(root["$defs"]?[name]))
        case "type": return (argument.array ?? [argument]).contains { isOf($0.text ?? "", value) }
        case "const": return value == argument
        case "enum": return try #require(argument.array).contains(value)
        case "pattern": return try value.text.map { try $0.contains(Regex(try #require(argument.text))) } ?? true
        case "minimum": return try value.number.map { $0 >= (try #require(argument.number)) } ?? true
        case "maximum": return try value.number.map { $0 <= (try #require(argument.number)) } ?? true
        case "exclusiveMinimum": return try value.number.map { $0 > (try #require(argument.number)) } ?? true
        case "minItems": return try value.array.map { $0.count >= (try #require(argument.integer)) } ?? true
        case "minProperties": return try value.object.map { $0.count >= (try #require(argument.integer)) } ?? true
        case "required":
            guard let members = value.object else { return true }
            return try #require(argument.array).allSatisfy { members[$0.text ?? ""] != nil }
        case "items": return try (value.array ?? []).allSatisfy { try accepts($0, argument) }
        case "propertyNames": return try (value.object ?? [:]).keys.allSatisfy { try accepts(.text($0), argument) }
        case "properties":
            return try (value.object ?? [:]).allSatisfy { name, member in
                try argument[name].map { try accepts(member, $0) } ?? true
            }
        case "additionalProperties":
            return try (value.object ?? [:]).allSatisfy { name, member in
                try schema["properties"]?[name] != nil || accepts(member, argument)
            }
        case "anyOf": return try #require(argument.array).contains { try accepts(value, $0) }
        case "allOf": return try #require(argument.array).allSatisfy { try accepts(value, $0) }
        case "oneOf": return try #require(argument.array).filter { try accepts(value, $0) }.count == 1
        case "not": return try !accepts(value, argument)
        case "if": return try !accepts(value, argument) || accepts(value, try #require(schema["then"]))
        default:
            Issue.record("the schema uses '\(keyword)', which this check does not know")
            return false
        }
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .integer), ("number", .number),
            ("string", .text), ("array", .array), ("object", .object):
            true
        default: false
        }
    }
}

/// A manifest's text as JSON, in the way an editor's YAML reader has it, but for `${name}` without quotes.
func json(ofYAML text: String) throws -> JSONValue {
    let masked = text.replacing(#/\$\{([A-Za-z0-9._-]+)\}/#) { "$<\($0.1)>" }
    return json(of: try #require(try Yams.compose(yaml: masked)))
}

private func json(of node: Yams.Node) -> JSONValue {
    switch node {
    case .scalar(let scalar):
        let text = scalar.string.replacing(#/\$<([A-Za-z0-9._-]+)>/#) { "${\($0.1)}" }
        guard scalar.style == .plain else { return .text(text) }
        if ["", "~", "null"].contains(text) { return .null }
        guard case .value(let value) = PlainScalar(text) else { return .text(text) }
        switch value {
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        default: return .text(text)
        }
    case .sequence(let sequence): return .array(sequence.map { json(of: $0) })
    case .mapping(let mapping):
        return .object(
            Dictionary(
                mapping.map { ($0.key.string ?? "", json(of: $0.value)) }, uniquingKeysWith: { first, _ in first }))
    case .alias: return .null
    }
}
