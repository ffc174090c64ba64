// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Evaluation
import PipelineExecution
import PipelineManifest
import PipelineTools
import Testing

@Suite struct CompareToolTests {
    static func score(
        _ model: String, _ value: Double, dataset: String = "Set5", protocolName: String = "y-double",
        image: String? = nil, isShortened: Bool = false, metric: Metric = .psnr
    ) -> Score {
        Score(
            model: model, metric: metric, dataset: dataset, scale: 3, protocolName: protocolName, image: image,
            value: value, isShortened: isShortened)
    }

    static func claim(
        _ name: String, model: String = "FSRCNN", printed: String, tolerance: Double? = nil, dataset: String = "Set5",
        protocolName: String = "y-double", place: String? = nil, isVerified: Bool = true
    ) -> JSONValue {
        var members: [String: JSONValue] = [
            "claim": .text(name), "model": .text(model), "metric": "psnr", "dataset": .text(dataset), "scale": 3,
            "protocol": .text(protocolName), "printed": .text(printed), "verified": .boolean(isVerified),
        ]
        if let tolerance { members["tolerance"] = .number(tolerance) }
        if let place { members["place"] = .text(place) }
        return .object(members)
    }

    /// A file of scores.
    static func document(_ scores: [Score], in workshop: Workshop) throws -> ToolInput {
        let path = try workshop.newPath("scores.json")
        try Files.write(Array(ScoreDocument(scores).json.indentedText.utf8), toNew: path)
        return workshop.input(path, .scores)
    }

    static func scores(in workshop: Workshop) throws -> ToolInput {
        try document(
            [
                score("FSRCNN", 33.0625, image: "img_001"), score("bicubic", 30.3922, image: "img_001"),
                score("FSRCNN", 33.0625), score("bicubic", 30.3922),
                score("short", 31.5, isShortened: true), score("FSRCNN", 29, dataset: "Set14", protocolName: "rgb8"),
            ], in: workshop)
    }

    /// One for every verdict, in no order of their names.
    static let claims = [
        claim("z-match", model: "bicubic", printed: "30.39", place: "Table 3"),
        claim("within", printed: "33.16", tolerance: 0.1),
        claim("better", printed: "32.55", tolerance: 0.1),
        claim("a-worse", printed: "33.2", tolerance: 0.1, isVerified: false),
        claim("shortened", model: "short", printed: "31.50"),
        claim("other-protocol", printed: "29.37", dataset: "Set14"),
        claim("other-set", model: "bicubic", printed: "27.54", dataset: "Set14"),
        claim("absent", model: "SRCNN", printed: "32.39"),
    ]

    private func document(_ outputs: Outputs) throws -> DeviationDocument {
        try #require(DeviationDocument(json: JSONValue(parsing: Files.bytes(of: outputs.path("deviations")))))
    }

    @Test func `each claim has its verdict, in the order of the manifest`() throws {
        let workshop = try Workshop()
        let outputs = try workshop.run("compare", ["scores": [Self.scores(in: workshop)]], claims: Self.claims)
        let deviations = try document(outputs).deviations
        let here = deviations.map { [$0.claim.figure.id, $0.deviation.verdict.rawValue, $0.deviation.reason] }
        let expected: [[String]] = [
            ["z-match", "match", ""], ["within", "within", ""], ["better", "exceeds", ""], ["a-worse", "deviates", ""],
            ["shortened", "not-comparable", "the training was shortened"],
            ["other-protocol", "not-comparable", "scored under 'rgb8', the figure is under 'y-double'"],
            ["other-set", "not-comparable", "scored on 'Set5', the figure is for 'Set14'"],
            ["absent", "not-measured", "no psnr of 'SRCNN' on 'Set5' x3"],
        ]
        #expect(here == expected)
        let means: [Double?] = [30.3922, 33.0625, 33.0625, 33.0625, 31.5, nil, nil, nil]
        #expect(deviations.map(\.deviation.here) == means)
    }

    @Test func `deviations are written in this form`() throws {
        let workshop = try Workshop()
        let scores = try Self.document(
            [Self.score("FSRCNN", 32.5, image: "a"), Self.score("FSRCNN", 32.5)], in: workshop)
        let claims = [
            Self.claim("b", printed: "33.00", tolerance: 0.25, place: "Table 3"),
            Self.claim("a", model: "SCN", printed: "33", isVerified: false),
        ]
        let outputs = try workshop.run("compare", ["scores": [scores]], claims: claims)
        #expect(
            try outputs.text("deviations") == """
                {
                  "deviations": [
                    {
                      "claim": "b",
                      "dataset": "Set5",
                      "difference": -0.5,
                      "here": 32.5,
                      "metric": "psnr",
                      "model": "FSRCNN",
                      "paper": 33.0,
                      "place": "Table 3",
                      "printed": "33.00",
                      "protocol": "y-double",
                      "reason": "",
                      "scale": 3,
                      "tolerance": 0.25,
                      "verdict": "deviates",
                      "verified": true
                    },
                    {
                      "claim": "a",
                      "dataset": "Set5",
                      "difference": null,
                      "here": null,
                      "metric": "psnr",
                      "model": "SCN",
                      "paper": 33.0,
                      "printed": "33",
                      "protocol": "y-double",
                      "reason": "no psnr of 'SCN' on 'Set5' x3",
                      "scale": 3,
                      "verdict": "not-measured",
                      "verified": false
                    }
                  ],
                  "schema": 1,
                  "scores": [
                    {
                      "dataset": "Set5",
                      "image": null,
                      "metric": "psnr",
                      "model": "FSRCNN",
                      "protocol": "y-double",
                      "scale": 3,
                      "shortened": false,
                      "value": 32.5
                    }
                  ]
                }

                """)
        let read = try document(outputs)
        #expect(read.json.indentedText == (try outputs.text("deviations")))
        #expect(read.deviations.map(\.claim.place) == ["Table 3", nil])
        #expect(read.deviations.map(\.claim.isVerified) == [true, false])
    }

    @Test func `scores of several evaluations are put together, equal ones once`() throws {
        let workshop = try Workshop()
        let bicubic = Self.score("bicubic", 30.3922)
        let one = try Self.document([Self.score("one", 32), bicubic], in: workshop)
        let two = try Self.document([Self.score("two", 33), bicubic], in: workshop)
        let outputs = try workshop.run("compare", ["scores": [one, two]], claims: Self.claims)
        #expect(try document(outputs).scores == [Self.score("one", 32), bicubic, Self.score("two", 33)])
    }

    @Test func `two different scores of one thing are refused, since a claim could be held against either`() throws {
        let workshop = try Workshop()
        let one = try Self.document([Self.score("FSRCNN", 32)], in: workshop)
        for other in [Self.score("FSRCNN", 33), Self.score("FSRCNN", 32, isShortened: true)] {
            let two = try Self.document([other], in: workshop)
            #expect(
                try failure { try workshop.run("compare", ["scores": [one, two]]) }
                    == ToolFailure(
                        "'FSRCNN' has two different scores in PSNR on 'Set5' x3 under 'y-double'", at: .input("scores"),
                        hint: "tell the models apart by 'model-name' of their 'evaluate' stages"))
        }
    }

    @Test func `the scores of a shortened training are compared with nothing, all the way from the model`() throws {
        let workshop = try Workshop()
        let path = try workshop.newPath("model.h5")
        try HandMade.model(try HandMade.nearest(), isShortened: true).write(to: path)
        let scores = try workshop.run(
            "evaluate",
            [
                "images": [workshop.imageSet([StoredImage("a", pattern(40, 40))])],
                "model": [workshop.input(path, .model)],
            ], ["dataset": "Set5", "scale": 3])
        let claims = [
            Self.claim("net", model: "net", printed: "5", tolerance: 100),
            Self.claim("bicubic", model: "bicubic", printed: "5", tolerance: 100),
        ]
        let outputs = try workshop.run("compare", ["scores": [scores.input("scores")]], claims: claims)
        #expect(try document(outputs).deviations.map(\.deviation.verdict) == [.notComparable, .within])
    }

    @Test func `no claims give the scores alone`() throws {
        let workshop = try Workshop()
        let outputs = try workshop.run("compare", ["scores": [Self.scores(in: workshop)]])
        #expect(try document(outputs).deviations == [])
        #expect(try document(outputs).scores.count == 4)
    }

    @Test func `a file without scores is refused`() throws {
        let workshop = try Workshop()
        for text in [
            "{}", "[]", "{\"schema\": 2, \"scores\": []}", "{\"schema\": 1, \"scores\": [{\"model\": \"a\"}]}",
        ] {
            let path = try workshop.newPath("scores.json")
            try Files.write(Array(text.utf8), toNew: path)
            #expect(
                try failure { try workshop.run("compare", ["scores": [workshop.input(path, .scores)]]) }
                    == ToolFailure("'\(path)' holds no scores", at: .input("scores")))
        }
    }

    @Test func `a claim that cannot be read is named`() throws {
        let workshop = try Workshop()
        let scores = try Self.scores(in: workshop)
        #expect(throws: (any Error).self) {
            try workshop.run("compare", ["scores": [scores]], claims: [Self.claim("a", printed: "about 33")])
        }
        do {
            _ = try ComparedClaim(claim: Self.claim("a", printed: "about 33"))
        } catch {
            #expect(error.description == "claim 'a' has the value 'about 33', which is no decimal number")
        }
        #expect(throws: ClaimError.self) { try ComparedClaim(claim: ["claim": "a"]) }
    }
}
