// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import PipelineTools
import Testing

/// Splits by the numbers and names of images.
@Suite struct SplitChoiceTests {
    private static let parts = ["train", "validation", "test"]

    /// The names in each part.
    private func split(_ images: [StoredImage], _ settings: [String: JSONValue]) throws -> [String: [String]] {
        let workshop = try Workshop()
        let outputs = try workshop.run("split", ["images": [workshop.imageSet(images)]], settings)
        return Dictionary(
            uniqueKeysWithValues: try Self.parts.map { ($0, try outputs.images($0).map(\.name)) })
    }

    private func refusal(_ images: [StoredImage], _ settings: [String: JSONValue]) throws -> ToolFailure {
        try failure { _ = try split(images, settings) }
    }

    private func images(_ names: [String]) -> [StoredImage] {
        names.enumerated().map { StoredImage($1, pattern(4, 5, .grey8, seed: $0 + 1)) }
    }

    /// DIV2K's names.
    private func padded(_ ids: ClosedRange<Int>) -> [String] {
        ids.map { String(repeating: "0", count: 4 - String($0).count) + String($0) }
    }

    // MARK: Numbers

    @Test func `ids divide a set as DIV2K is divided`() throws {
        let all = padded(1...90)
        let parts = try split(
            images(all), ["train-ids": "1-70", "validation-ids": "71-80", "test-ids": "81-90"])
        #expect(
            parts == ["train": padded(1...70), "validation": padded(71...80), "test": padded(81...90)])
    }

    @Test func `an id is the first number in the last part of a name`() throws {
        let names = ["0801", "img_003", "t12", "0802x4", "a7/img_014_SRF_2", "x", "é5"]
        let parts = try split(
            images(names),
            ["train-ids": "801,802", "validation-ids": " 3 , 12", "test-ids": "5, 14", "rest": "drop"])
        #expect(
            parts == [
                "train": ["0801", "0802x4"], "validation": ["img_003", "t12"], "test": ["a7/img_014_SRF_2", "é5"],
            ])
    }

    @Test func `ids take all that was made from their images`() throws {
        let sources = (1...4).map { StoredImage("t\($0)", pattern(12, 16, seed: $0)) }
        let workshop = try Workshop()
        let augmented = try workshop.run(
            "augment", ["images": [workshop.imageSet(sources)]], ["rotations": [0, 90], "scales": [1, 0.5]]
        ).images()
        let parts = try split(augmented, ["train-ids": "1-3", "test-ids": "4"])
        #expect(parts["train"]?.count == 12)
        #expect(parts["test"] == augmented.filter { $0.source == "t4" }.map(\.name))
    }

    @Test func `numbers without images are listed as ranges`() throws {
        let all = images(padded(1...9) + padded(12...12) + ["x"])
        #expect(
            try refusal(all, ["train-ids": "1-20", "test-ids": "900"])
                == ToolFailure(
                    "no images have 10 of the numbers of 'train-ids'", at: .setting("train-ids"),
                    details: ["10-11", "13-20"],
                    hint: "an image's number is the first one in its name: 0801 and img_801 are 801"))
    }

    @Test func `a range of any length is refused without being counted through`() throws {
        let refusal = try refusal(images(["1"]), ["train-ids": "1-999999999999999"])
        #expect(refusal.details == ["2-999999999999999"])
        #expect(refusal.message == "no images have 999999999999998 of the numbers of 'train-ids'")
    }

    @Test func `numbers that two images have are listed with both, where a part asks for them`() throws {
        let all = images(["t1", "tt1", "t2", "tt2", "t3"])
        #expect(
            try refusal(all, ["train-ids": "1-3"])
                == ToolFailure(
                    "several images have one number, 2 times", at: .setting("train-ids"),
                    details: ["1: 't1' and 'tt1'", "2: 't2' and 'tt2'"],
                    hint: "an image's number is the first one in its name; choose these by 'train-names'"))
        let parts = try split(all, ["train-ids": "3", "test-names": ["tt*"], "rest": "train"])
        #expect(parts == ["train": ["t1", "t2", "t3"], "validation": [], "test": ["tt1", "tt2"]])
    }

    @Test(arguments: ["", "a", "1-", "-1", "1--2", "2-1", "1,", "1 2", "1-2-3", "+1", "１", "1234567890123456"])
    func `what is no list of numbers is refused`(text: String) throws {
        let refusal = try refusal(images(["1", "2"]), ["train-ids": .text(text)])
        #expect(refusal.message.hasSuffix("is no number and no range of numbers"), "\(refusal)")
        #expect(refusal.place == .setting("train-ids"))
    }

    // MARK: Names

    @Test func `names and patterns divide a set, numbers and names together too`() throws {
        let all = images(["t1", "t2", "tt1", "tt2", "sub/a", "sub/b", "z9"])
        let parts = try split(
            all, ["train-names": ["t?"], "validation-names": ["sub/*"], "test-names": ["tt1", "tt2"], "test-ids": "9"])
        #expect(parts == ["train": ["t1", "t2"], "validation": ["sub/a", "sub/b"], "test": ["tt1", "tt2", "z9"]])
    }

    @Test func `names that fit no image are listed`() throws {
        #expect(
            try refusal(images(["a", "b"]), ["test-names": ["a", "c", "d*"], "rest": "train"])
                == ToolFailure(
                    "2 of the names of 'test-names' fit no image", at: .setting("test-names"),
                    details: ["'c'", "'d*'"], hint: "an image's name is its file's name without the ending"))
    }

    // MARK: What no part or several name

    @Test func `what is in no part is an error, or goes to training, or is dropped`() throws {
        let all = images(["a", "b", "c"])
        #expect(
            try refusal(all, ["test-names": ["b"]])
                == ToolFailure(
                    "2 images are in no part", details: ["'a'", "'c'"],
                    hint: "'rest: train' trains on what is left, 'rest: drop' leaves it out"))
        #expect(
            try split(all, ["test-names": ["b"], "rest": "train"])
                == ["train": ["a", "c"], "validation": [], "test": ["b"]])
        #expect(
            try split(all, ["test-names": ["b"], "rest": "drop"]) == ["train": [], "validation": [], "test": ["b"]])
    }

    @Test func `an image in two parts is an error that lists all of them`() throws {
        #expect(
            try refusal(
                images(["1", "2", "3", "4"]),
                ["train-ids": "1-3", "validation-names": ["2"], "test-ids": "3-4"])
                == ToolFailure(
                    "2 images are chosen for more than one part", at: .setting("validation-names"),
                    details: ["'2': train and validation", "'3': train and test"]))
    }

    @Test func `equal images in different parts are an error that names both`() throws {
        var all = images(["a", "b", "c"])
        all[2].image = all[0].image
        let torn = ToolFailure(
            "images that are equal, or made from one image, are in different parts",
            details: ["'a' (train) and 'c' (test)"],
            hint: "choose one part for them, or leave all but one out of the set")
        #expect(try refusal(all, ["train-names": ["a", "b"], "test-names": ["c"]]) == torn)
        #expect(try refusal(all, ["test-names": ["c"], "rest": "train"]) == torn)
        #expect(
            try split(all, ["test-names": ["c"], "train-names": ["b"], "rest": "drop"])
                == ["train": ["b"], "validation": [], "test": ["c"]])
    }

    @Test func `copies of one image in different parts are an error`() throws {
        // The copies do not have the source's name, so that one of them can be named alone.
        var all = images(["a_rot90", "a_rot180", "b"])
        for index in 0..<2 { all[index].source = "a" }
        let torn = try refusal(all, ["train-names": ["a_rot90", "b"], "test-names": ["a_rot180"]])
        #expect(torn.details == ["'a_rot90' (train) and 'a_rot180' (test)"])
        #expect(
            try split(all, ["train-names": ["b"], "test-names": ["a"]])
                == ["train": ["b"], "validation": [], "test": ["a_rot90", "a_rot180"]])
    }

    @Test func `a long list is whole in the log`() throws {
        let all = images((1...40).map { "i\($0)" })
        let refusal = try refusal(all, ["train-ids": "1"])
        #expect(refusal.details.count == 21)
        #expect(refusal.details.last == "and 19 more: 'reprise log' shows all of them")
    }

    // MARK: Beside shares

    @Test func `shares beside ids and names, and a rest beside shares, are refused`() throws {
        let all = images(["1", "2"])
        #expect(try refusal(all, ["train-ids": "1-2", "validation": 0.5]).place == .setting("validation"))
        #expect(try refusal(all, ["train-ids": "1-2", "test": 0.5]).place == .setting("test"))
        #expect(
            try refusal(all, ["rest": "drop"])
                == ToolFailure("shares leave no rest", at: .setting("rest"), hint: "'rest' goes with ids or names"))
    }

    /// All ways to give four images to three parts, by number and by name, are what was asked for.
    @Test func `every choice for four images is kept`() throws {
        let all = images(["1", "2", "3", "4"])
        for code in 0..<81 {
            var wanted: [String: [String]] = ["train": [], "validation": [], "test": []]
            for index in 0..<4 {
                let part = code / [1, 3, 9, 27][index] % 3
                wanted[Self.parts[part], default: []].append(all[index].name)
            }
            var byID: [String: JSONValue] = [:]
            var byName: [String: JSONValue] = [:]
            for (part, names) in wanted where !names.isEmpty {
                byID["\(part)-ids"] = .text(names.joined(separator: ","))
                byName["\(part)-names"] = .array(names.map { .text($0) })
            }
            #expect(try split(all, byID) == wanted)
            #expect(try split(all, byName) == wanted)
        }
    }
}
