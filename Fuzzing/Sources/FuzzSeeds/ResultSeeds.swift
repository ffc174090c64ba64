// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// Entries of results with right seals, each with the bytes of its object behind a zero byte.
var resultSeeds: [(name: String, bytes: [UInt8])] {
    let object = Array("text\n".utf8)
    return ["file", "tensors", "png", "folder"].map { format in
        let digest = Digest(of: object)
        let output = Artifact(
            name: "out", format: format, content: digest, object: digest, byteCount: object.count)
        let document: JSONValue = ["schema": 1, "outputs": ["out"], "format": .text(format)]
        let result = ActionResult(outputs: [output]).json
        let seal = Digest(of: JSONValue.array([document, result]).canonicalBytes)
        let entry = JSONValue.object(["document": document, "result": result, "seal": .text(seal.description)])
        return (format, entry.canonicalBytes + [0] + object)
    }
}
