// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import SystemPackage
import TensorStore

/// Attributes that a file of ours must have; a failure says what the file was taken for.
struct RequiredAttributes {
    let file: TensorFileReader
    let path: FilePath
    /// For example `a patch set`.
    let kind: String

    /// Opens a file whose `format` must be the given one.
    init(_ path: FilePath, kind: String, format: String) throws {
        file = try TensorFileReader(path: path.string)
        self.path = path
        self.kind = kind
        let found = try text("format")
        guard found == format else { throw fault("its format is '\(found)'") }
    }

    func text(_ name: String, of object: String? = nil) throws -> String {
        guard case .text(let value)? = try file.attribute(name, of: object) else { throw lacks(name, object) }
        return value
    }

    func integer(_ name: String, of object: String? = nil) throws -> Int {
        guard case .integer(let value)? = try file.attribute(name, of: object) else { throw lacks(name, object) }
        return value
    }

    func texts(_ name: String) throws -> [String] {
        switch try file.attribute(name) {
        case .texts(let values)?: return values
        // A list of one may come back as the one.
        case .text(let value)?: return [value]
        default: throw lacks(name, nil)
        }
    }

    /// Several texts of one object, which is looked at once.
    func texts(_ names: [String], of object: String) throws -> [String] {
        let attributes = try file.attributes(of: object)
        return try names.map { name in
            guard case .text(let value)? = attributes.first(where: { $0.name == name })?.value else {
                throw lacks(name, object)
            }
            return value
        }
    }

    func fault(_ what: String) -> ToolFailure {
        ToolFailure("'\(path)' is not \(kind) of Reprise: \(what)")
    }

    private func lacks(_ name: String, _ object: String?) -> ToolFailure {
        fault("\(object.map { "'\($0)'" } ?? "it") lacks the attribute '\(name)'")
    }
}
