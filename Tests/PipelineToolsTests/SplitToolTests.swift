// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Testing

@Suite struct SplitToolTests {
    private static let parts = ["train", "validation", "test"]

    private func split(
        _ images: [StoredImage], validation: Double, test: Double, seed: Int = 0
    ) throws -> [String: [StoredImage]] {
        let workshop = try Workshop()
        let outputs = try workshop.run(
            "split", ["images": [workshop.imageSet(images)]],
            ["validation": .number(validation), "test": .number(test), "seed": .integer(seed)])
        return Dictionary(uniqueKeysWithValues: try Self.parts.map { ($0, try outputs.images($0)) })
    }

    private func images(_ count: Int) -> [StoredImage] {
        (0..<count).map { StoredImage("i\($0)", pattern(4, 5, .grey8, seed: $0 + 1)) }
    }

    @Test(arguments: [
        (10, 0.1, 0.0, 1, 0), (91, 0.1, 0.0, 9, 0), (10, 0.25, 0.25, 3, 3), (7, 0, 0, 0, 0), (4, 1, 0, 4, 0),
        (4, 0, 1, 0, 4), (5, 0.5, 0.5, 2, 3), (1, 0.5, 0.5, 0, 1), (3, 0.1, 0.1, 0, 0),
    ])
    func `parts have the shares asked for, are disjoint and leave nothing out`(
        count: Int, validation: Double, test: Double, validationCount: Int, testCount: Int
    ) throws {
        let all = images(count)
        let parts = try split(all, validation: validation, test: test)
        #expect(parts["validation"]?.count == validationCount)
        #expect(parts["test"]?.count == testCount)
        let together = parts.values.joined()
        #expect(together.count == count)
        #expect(Set(together) == Set(all))
        // Each part keeps the order of the set.
        for part in parts.values { #expect(part == all.filter(Set(part).contains)) }
    }

    @Test func `another seed splits otherwise, the same one alike`() throws {
        let all = images(20)
        let splits = try (0..<5).map { try split(all, validation: 0.2, test: 0.2, seed: $0) }
        #expect(Set(splits).count == 5)
        #expect(try split(all, validation: 0.2, test: 0.2, seed: 3) == splits[3])
    }

    @Test func `images with equal pixels are kept together, under whatever names`() throws {
        var all = images(12)
        for index in 0..<6 { all[index + 6].image = all[index].image }
        for seed in 0..<20 {
            let parts = try split(all, validation: 0.4, test: 0.2, seed: seed)
            #expect(parts["validation"]?.count == 4 && parts["test"]?.count == 2)
            expectDisjoint(parts.mapValues { Set($0.map(\.image)) })
        }
    }

    @Test func `all that was made from one image is kept together`() throws {
        let sources = (0..<5).map { StoredImage("i\($0)", pattern(12, 16, seed: $0 + 1)) }
        let workshop = try Workshop()
        let augmented = try workshop.run(
            "augment", ["images": [workshop.imageSet(sources)]], ["scales": [1, 0.5]]
        ).images()
        #expect(augmented.count == 40)
        for seed in 0..<10 {
            let parts = try split(augmented, validation: 0.2, test: 0.4, seed: seed)
            #expect(parts.mapValues(\.count) == ["train": 16, "validation": 8, "test": 16])
            expectDisjoint(parts.mapValues { Set($0.map(\.source)) })
        }
    }

    @Test func `images that hang together through a third are kept together`() throws {
        // a and c have no pixel or source in common; b has the pixels of a and the source of c.
        var all = images(4)
        all[1].image = all[0].image
        all[1].source = all[2].source
        for seed in 0..<20 {
            let parts = try split(all, validation: 0.25, test: 0, seed: seed)
            let chosen = try #require(parts["validation"]).map(\.name)
            #expect(chosen == ["i3"] || chosen == [])
            #expect(parts["validation"]?.count == 1)
        }
    }

    @Test func `grey and colour of one look count as two images`() throws {
        let grey = pattern(4, 5, .grey8)
        let parts = try split([StoredImage("a", grey), StoredImage("b", grey.rgb)], validation: 0.5, test: 0)
        #expect(parts["validation"]?.count == 1 && parts["train"]?.count == 1)
    }

    @Test func `shares that make more than the whole are refused`() throws {
        #expect(
            try failure { _ = try split(images(10), validation: 0.6, test: 0.5) }
                == ToolFailure(
                    "validation and test together ask for more than the 10 images there are",
                    at: .setting("validation")))
    }

    @Test func `every way to write one as two shares leaves nothing to train on and takes every image`() throws {
        for percent in 0...100 {
            let test = Double(percent) / 100
            let parts = try split(images(3), validation: Double(100 - percent) / 100, test: test)
            #expect(parts["train"]?.count == 0, "\(percent)")
        }
    }

    private func expectDisjoint<Element: Hashable>(_ parts: [String: Set<Element>]) {
        for (name, one) in parts {
            for (otherName, other) in parts where name < otherName {
                #expect(one.isDisjoint(with: other), "\(name) and \(otherName)")
            }
        }
    }
}
