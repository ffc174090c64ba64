// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage
import Testing

struct FileActionCacheTests {
    private static let entry = ActionCacheEntry(
        action: Action(document: [
            "schema": 1, "tool": ["name": "patches", "version": 2], "settings": ["x": .number(3)],
        ]),
        result: ActionResult(outputs: [
            Artifact(
                name: "patches", format: "patches", content: Digest(ofText: "content"), object: Digest(ofText: "bytes"),
                byteCount: 12),
            Artifact(
                name: "log", format: "file", content: Digest(ofText: "log"), object: Digest(ofText: "log"), byteCount: 0
            ),
        ]))

    private static func path(of key: ActionKey, in cache: FilePath) -> FilePath {
        let name = key.description
        return cache.pushing(FilePath("actions/\(name.prefix(2))/\(name.dropFirst(2)).json"))
    }

    @Test func `a published entry is found by its key and by no other`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            let entry = Self.entry
            #expect(try cache.entry(for: entry.action.key) == nil)
            try cache.publish(entry)
            #expect(try cache.entry(for: entry.action.key) == entry)
            #expect(try cache.entry(for: ActionKey(Digest(ofText: "other"))) == nil)
            #expect(entry.result.outputs.map(\.name) == ["log", "patches"])
            #expect(entry.result.output(named: "log")?.byteCount == 0)
        }
    }

    @Test func `a file that is like a folder says so, and no other output says anything of it`() throws {
        func result(isLikeFolder: Bool) -> ActionResult {
            ActionResult(outputs: [
                Artifact(
                    name: "o", format: "file", content: Digest(ofText: "o"), object: Digest(ofText: "o"), byteCount: 1,
                    isLikeFolder: isLikeFolder)
            ])
        }
        let digest = Digest(ofText: "o").description
        let members = #""bytes":1,"content":"\#(digest)","format":"file""#
        #expect(
            result(isLikeFolder: false).json.canonicalText == #"{"o":{\#(members),"object":"\#(digest)"}}"#)
        #expect(
            result(isLikeFolder: true).json.canonicalText
                == #"{"o":{\#(members),"likeFolder":true,"object":"\#(digest)"}}"#)
        #expect(ActionResult(json: result(isLikeFolder: true).json) == result(isLikeFolder: true))
        #expect(result(isLikeFolder: true) != result(isLikeFolder: false))
    }

    @Test func `a key is the digest of the document`() {
        let document: JSONValue = ["b": 1, "a": [true]]
        #expect(Action(document: document).key.digest == Digest(ofText: #"{"a":[true],"b":1}"#))
    }

    @Test func `publishing again replaces the result`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            try cache.publish(Self.entry)
            let other = ActionCacheEntry(action: Self.entry.action, result: ActionResult(outputs: []))
            try cache.publish(other)
            #expect(try cache.entry(for: Self.entry.action.key) == other)
        }
    }

    @Test func `an entry that is cut short anywhere counts as absent`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            try cache.publish(Self.entry)
            let path = Self.path(of: Self.entry.action.key, in: folder)
            let bytes = try Files.bytes(of: path)
            #expect(bytes.count > 400)
            for count in bytes.indices {
                try Files.replace(path, with: Array(bytes[..<count]))
                #expect(try cache.entry(for: Self.entry.action.key) == nil, "\(count) bytes")
            }
            try Files.replace(path, with: bytes)
            #expect(try cache.entry(for: Self.entry.action.key) == Self.entry)
        }
    }

    @Test func `an entry with any bit flipped counts as absent`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            try cache.publish(Self.entry)
            let path = Self.path(of: Self.entry.action.key, in: folder)
            let bytes = try Files.bytes(of: path)
            for index in bytes.indices {
                for bit in UInt8(0)..<8 {
                    var flipped = bytes
                    flipped[index] ^= 1 << bit
                    try Files.replace(path, with: flipped)
                    #expect(try cache.entry(for: Self.entry.action.key) == nil, "byte \(index), bit \(bit)")
                }
            }
        }
    }

    @Test func `an entry under another's key counts as absent`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            try cache.publish(Self.entry)
            let other = ActionKey(Digest(ofText: "other"))
            let target = Self.path(of: other, in: folder)
            try Files.makeFolder(target.removingLastComponent())
            try Files.copy(Self.path(of: Self.entry.action.key, in: folder), toNew: target)
            #expect(try cache.entry(for: other) == nil)
        }
    }

    @Test func `a folder in an entry's place counts as absent and is published over`() throws {
        try withTemporaryFolder { folder in
            let cache = FileActionCache(cache: folder)
            let path = Self.path(of: Self.entry.action.key, in: folder)
            try Files.makeFolder(path)
            #expect(try cache.entry(for: Self.entry.action.key) == nil)
            try cache.publish(Self.entry)
            #expect(try cache.entry(for: Self.entry.action.key) == Self.entry)
            #expect(try Files.names(in: path.removingLastComponent()).count == 1)
        }
    }

    @Test(arguments: [
        #"{"log":{"format":"file"}}"#, #"{"log":3}"#, "[]", "null",
        #"{"log":{"bytes":-1,"content":"0","format":"file","object":"0"}}"#,
    ])
    func `a result of another form is none`(text: String) throws {
        #expect(ActionResult(json: try JSONValue(parsing: Array(text.utf8))) == nil)
    }

    @Test func `a result is read back from its JSON`() {
        #expect(ActionResult(json: Self.entry.result.json) == Self.entry.result)
    }

    @Test func `memory keeps what was published`() {
        let cache = MemoryActionCache()
        #expect(cache.entry(for: Self.entry.action.key) == nil)
        cache.publish(Self.entry)
        #expect(cache.entry(for: Self.entry.action.key) == Self.entry)
    }
}
