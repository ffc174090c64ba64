// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Key to result.
///
/// Calls may be slow and may fail, as those of a remote cache do.
package protocol ActionCache: Sendable {
    /// What the action with this key gave, with the document that the key is the digest of.
    func entry(for key: ActionKey) throws(StoreError) -> ActionCacheEntry?

    /// Publishes a result; its objects must be in the store before.
    func publish(_ entry: ActionCacheEntry) throws(StoreError)
}

/// An action and what came out of it.
package struct ActionCacheEntry: Hashable, Sendable {
    package let action: Action
    package let result: ActionResult

    package init(action: Action, result: ActionResult) {
        self.action = action
        self.result = result
    }
}

/// Results as one small file each: `actions/ab/cdef….json`, sealed with a digest of its own.
///
/// An entry that does not parse, does not belong to its key or breaks its seal is as good as absent: the stage runs
/// again and writes it anew.
package struct FileActionCache: ActionCache {
    private let cache: FilePath
    private let folder: FilePath

    /// - Parameter cache: the cache's folder; `actions` in it is made when it is first needed.
    package init(cache: FilePath) {
        self.cache = cache
        folder = cache.appending("actions")
    }

    package func entry(for key: ActionKey) throws(StoreError) -> ActionCacheEntry? {
        let path = path(of: key)
        guard try Files.status(path) != nil else { return nil }
        guard let json = try? JSONValue(parsing: try Files.bytes(of: path)),
            let document = json["document"], let resultJSON = json["result"],
            json["seal"]?.digest == Self.seal(document, resultJSON), let result = ActionResult(json: resultJSON)
        else { return nil }
        let action = Action(document: document)
        return action.key == key ? ActionCacheEntry(action: action, result: result) : nil
    }

    package func publish(_ entry: ActionCacheEntry) throws(StoreError) {
        let path = path(of: entry.action.key)
        let result = entry.result.json
        let json: JSONValue = [
            "document": entry.action.document, "result": result,
            "seal": .text(Self.seal(entry.action.document, result).description),
        ]
        try Files.makeFolder(path.removingLastComponent())
        try Files.replace(path, with: json.canonicalBytes, isSynced: true, madeIn: cache)
    }

    private func path(of key: ActionKey) -> FilePath {
        let name = key.description
        return folder.appending(String(name.prefix(2))).appending(String(name.dropFirst(2)) + ".json")
    }

    private static func seal(_ document: JSONValue, _ result: JSONValue) -> Digest {
        Digest(of: JSONValue.array([document, result]).canonicalBytes)
    }
}
