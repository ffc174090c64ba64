// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelinePlanning
import Testing

struct KeyDifferenceTests {
    private static let digests = ["one", "two", "three"].map { Digest(ofText: $0) }
    private static let base: JSONValue = [
        "schema": 1, "tool": ["name": "fit", "version": 2],
        "settings": ["learning-rate": .number(0.001), "epochs": 10, "label": "small", "sizes": [1, 2]],
        "inputs": ["training": .text(digests[0].description), "more": .array([.text(digests[0].description)])],
        "outputs": ["model"], "claims": [["claim": "t3", "printed": "33.06"], ["claim": "t4", "printed": "30.55"]],
    ]

    private func reasons(_ old: JSONValue, _ new: JSONValue) -> [String] {
        KeyDifference(from: old, to: new).reasons.map(\.description)
    }

    private func changed(_ name: String, _ change: (inout JSONValue?) -> Void) -> JSONValue {
        var members = Self.base.object ?? [:]
        change(&members[name])
        return .object(members)
    }

    private func changed(_ name: String, _ member: String, to value: JSONValue?) -> JSONValue {
        changed(name) { part in
            var members = part?.object ?? [:]
            members[member] = value
            part = .object(members)
        }
    }

    @Test func `nothing differs`() {
        #expect(reasons(Self.base, Self.base) == [])
    }

    @Test func `settings, with the old and the new value`() {
        let cases: [(String, JSONValue?, String)] = [
            ("learning-rate", .number(0.0001), "setting 'learning-rate' changed 0.001 -> 0.0001"),
            ("epochs", 20, "setting 'epochs' changed 10 -> 20"),
            ("epochs", .number(10), "setting 'epochs' changed 10 -> 10.0"),
            ("label", "large", "setting 'label' changed 'small' -> 'large'"),
            ("sizes", [1, 3], "setting 'sizes' changed [1,2] -> [1,3]"),
            ("clip", 1, "setting 'clip' is new: 1"), ("label", nil, "setting 'label' is gone: it was 'small'"),
        ]
        for (name, value, expected) in cases {
            #expect(reasons(Self.base, changed("settings", name, to: value)) == [expected])
        }
    }

    @Test func `inputs, with short digests`() {
        let (one, two) = (Self.digests[0].abbreviated, Self.digests[1].abbreviated)
        let new = JSONValue.text(Self.digests[1].description)
        #expect(
            reasons(Self.base, changed("inputs", "training", to: new)) == ["input 'training' changed \(one) -> \(two)"])
        #expect(
            reasons(Self.base, changed("inputs", "more", to: [new, new]))
                == ["input 'more' changed [\(one)] -> [\(two), \(two)]"])
        #expect(reasons(Self.base, changed("inputs", "start", to: new)) == ["input 'start' is new"])
        #expect(reasons(Self.base, changed("inputs", "training", to: nil)) == ["input 'training' is gone"])
    }

    @Test func `tools, claims, outputs and the schema`() {
        #expect(reasons(Self.base, changed("tool", "version", to: 3)) == ["tool changed fit 2 -> fit 3"])
        #expect(reasons(Self.base, changed("tool", "name", to: "train")) == ["tool changed fit 2 -> train 2"])
        #expect(reasons(Self.base, changed("schema") { $0 = 2 }) == ["the schema of keys changed 1 -> 2"])
        #expect(reasons(Self.base, changed("outputs") { $0 = ["model", "log"] }) == ["its outputs changed"])
        let t3: JSONValue = ["claim": "t3", "printed": "33.06"]
        let t4: JSONValue = ["claim": "t4", "printed": "30.55"]
        #expect(reasons(Self.base, changed("claims") { $0 = [t3] }) == ["claim 't4' is gone"])
        #expect(
            reasons(Self.base, changed("claims") { $0 = [t3, t4, ["claim": "t5"]] }) == ["claim 't5' is new"])
        #expect(
            reasons(Self.base, changed("claims") { $0 = [["claim": "t3", "printed": "33.07"], t4] })
                == [#"claim 't3' changed {"claim":"t3","printed":"33.06"} -> {"claim":"t3","printed":"33.07"}"#])
        #expect(reasons(Self.base, changed("claims") { $0 = [t4, t3] }) == ["its outputs changed"])
    }

    @Test func `parts of a command are named by their path`() {
        let old: JSONValue = [
            "schema": 1, "inputs": [:],
            "command": [
                "arguments": ["a"], "environment": ["SEED": "1"], "code": ["a.py": .text(Self.digests[0].description)],
                "probes": [["run": ["pip"], "output": "1"]],
            ],
        ]
        let new: JSONValue = [
            "schema": 1, "inputs": [:],
            "command": [
                "arguments": ["b"], "environment": ["SEED": "2", "A": "x"],
                "code": ["a.py": .text(Self.digests[1].description)], "probes": [["run": ["pip"], "output": "2"]],
            ],
        ]
        #expect(
            reasons(old, new) == [
                #"arguments changed ["a"] -> ["b"]"#,
                "code.a.py changed \(Self.digests[0].abbreviated) -> \(Self.digests[1].abbreviated)",
                "environment.A changed nothing -> 'x'", "environment.SEED changed '1' -> '2'",
                #"probes changed [{"output":"1","run":["pip"]}] -> [{"output":"2","run":["pip"]}]"#,
            ])
    }

    @Test func `several differences are all named, in one order`() {
        let new = changed("settings") { $0 = ["learning-rate": .number(0.1), "epochs": 1] }
        #expect(
            reasons(Self.base, new) == [
                "setting 'epochs' changed 10 -> 1", "setting 'label' is gone: it was 'small'",
                "setting 'learning-rate' changed 0.001 -> 0.1", "setting 'sizes' is gone: it was [1,2]",
            ])
    }

    @Test func `a long value is cut`() throws {
        let reason = try #require(
            reasons(Self.base, changed("settings", "label", to: .text(String(repeating: "x", count: 500)))).first)
        #expect(reason == "setting 'label' changed 'small' -> '" + String(repeating: "x", count: 116) + "...")
    }

    @Test func `every change of a document has a reason`() {
        var random = SeededRandom(seed: 3)
        let parts: [(String, String)] = [
            ("settings", "epochs"), ("inputs", "training"), ("tool", "version"), ("tool", "name"),
        ]
        for _ in 0..<200 {
            let (part, member) = parts.randomElement(using: &random) ?? parts[0]
            let value: JSONValue = Bool.random(using: &random) ? .integer(Int.random(in: 0...9, using: &random)) : "x"
            let new = changed(part, member, to: value)
            #expect(reasons(Self.base, new).isEmpty == (new == Self.base))
        }
    }

    @Test(arguments: [
        (StaleReason.neverRan, "has not run before"), (.resultGone, "its result is no longer in the cache"),
        (.forced, "forced by hand"),
        (
            .objectAbsent(output: "fit/model", neededBy: "stage 'measure'"),
            "'fit/model' is absent from the cache and stage 'measure' needs it"
        ),
    ])
    func `reasons that are no difference of keys`(reason: StaleReason, text: String) {
        #expect(reason.description == text)
    }
}
