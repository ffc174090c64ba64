// SPDX-License-Identifier: Apache-2.0

/// The digest of an action's key document.
package struct ActionKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let digest: Digest

    package init(_ digest: Digest) {
        self.digest = digest
    }

    package var description: String { digest.description }
    package var abbreviated: String { digest.abbreviated }

    package static func < (left: Self, right: Self) -> Bool { left.digest < right.digest }
}

/// Exactly what runs: everything that can change what comes out, and nothing else, in one canonical document.
package struct Action: Hashable, Sendable {
    package let document: JSONValue
    package let key: ActionKey

    package init(document: JSONValue) {
        self.document = document
        self.key = ActionKey(Digest(of: document.canonicalBytes))
    }
}

/// A named output with its two digests.
package struct Artifact: Hashable, Sendable {
    package let name: String
    /// What the bytes mean, for example `tensors`; the words are those of the manifest.
    package let format: String
    /// Canonical, the same for every way to write the same values: in keys, locks and checks.
    package let content: Digest
    /// Of the stored bytes: names and verifies the file.
    package let object: Digest
    package let byteCount: Int
    /// Whether it is a file that keys have to tell apart from a folder with the same digest; see `FolderLikeness`.
    package let isLikeFolder: Bool

    package init(
        name: String, format: String, content: Digest, object: Digest, byteCount: Int, isLikeFolder: Bool = false
    ) {
        self.name = name
        self.format = format
        self.content = content
        self.object = object
        self.byteCount = byteCount
        self.isLikeFolder = isLikeFolder
    }
}

/// What came out of an action: its outputs, sorted by name.
package struct ActionResult: Hashable, Sendable {
    package let outputs: [Artifact]

    package init(outputs: [Artifact]) {
        self.outputs = outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    package func output(named name: String) -> Artifact? { outputs.first { $0.name == name } }
}

extension ActionResult {
    package var json: JSONValue {
        .object(Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0.json) }))
    }

    package init?(json: JSONValue) {
        guard let members = json.object else { return nil }
        var outputs: [Artifact] = []
        for (name, value) in members {
            guard let artifact = Artifact(name: name, json: value) else { return nil }
            outputs.append(artifact)
        }
        self.init(outputs: outputs)
    }
}

extension Artifact {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": .text(format), "content": .text(content.description), "object": .text(object.description),
            "bytes": .integer(byteCount),
        ]
        // Left out of all others, whose results are those of earlier versions.
        if isLikeFolder { members["likeFolder"] = true }
        return .object(members)
    }

    fileprivate init?(name: String, json: JSONValue) {
        guard let format = json["format"]?.text, let content = json["content"]?.digest,
            let object = json["object"]?.digest, let byteCount = json["bytes"]?.integer, byteCount >= 0
        else { return nil }
        self.init(
            name: name, format: format, content: content, object: object, byteCount: byteCount,
            isLikeFolder: json["likeFolder"]?.boolean ?? false)
    }
}
