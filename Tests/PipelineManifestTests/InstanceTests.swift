// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Stages that `foreach` and `matrix` make several of.
@Suite struct InstanceTests {
    private func stages(_ text: String, settings: String = "") throws -> [Stage] {
        try manifest("reprise: 1\n\(settings)\nstages:\n" + text).stages
    }

    private func references(_ stage: Stage, _ input: String) -> [String] {
        stage.inputs.first { $0.name == input }?.references.map(\.value.description) ?? []
    }

    @Test func `a list makes a stage of each element`() throws {
        let stages = try stages(
            """
              make:
                foreach: [8, 16, "${some}"]
                tool: synthesize
                settings: {count: "${item}"}
            """, settings: "settings: {some: 3}")
        #expect(stages.map(\.name.value) == ["make@8", "make@16", "make@3"])
        #expect(stages.map { $0.settings.map(\.value) } == [[.integer(8)], [.integer(16)], [.integer(3)]])
        #expect(stages.map(\.title) == ["make", "make", "make"])
        #expect(stages[1].group == StageGroup(name: "make", values: [("item", .integer(16))]))
        #expect(Set(stages.map(\.name.location)).count == 1)
    }

    @Test func `a mapping names its stages, and gives each several values`() throws {
        let stages = try stages(
            """
              train:
                foreach:
                  small: {rate: 0.1, epochs: 3, deep: {er: yes}}
                  large: {rate: 0.2, epochs: 5, deep: {er: no}}
                tool: train
                inputs: {patches: p}
                settings: {epochs: "${item.epochs}", learning-rate: "${item.rate}", remark: "${key} ${item.deep.er}"}
              p: {tool: patches, inputs: x}
            """)
        #expect(stages.map(\.name.value) == ["train@small", "train@large", "p"])
        let remarks = stages.prefix(2).map { $0.settings.first { $0.name == "remark" }?.value }
        #expect(remarks == [.text("small yes"), .text("large no")])
        let epochs = stages.prefix(2).map { $0.settings.first { $0.name == "epochs" }?.value }
        #expect(epochs == [.integer(3), .integer(5)])
        #expect(stages[0].group?.values.map(\.name) == ["item", "key"])
        #expect(stages[2].group == nil && stages[2].title == "p")
    }

    @Test func `a matrix makes a stage of each combination, its variables sorted by name`() throws {
        let stages = try stages(
            """
              train:
                matrix: {seed: [1, 2], scale: "${scales}", fast: [true]}
                exclude: [{scale: 4, seed: 2}, {seed: 1, scale: 2}]
                run: make x${scale} ${seed} ${fast}
                outputs: {model: model}
            """, settings: "settings: {scales: [2, 3, 4]}")
        #expect(
            stages.map(\.name.value) == [
                "train@fast=true,scale=2,seed=2", "train@fast=true,scale=3,seed=1", "train@fast=true,scale=3,seed=2",
                "train@fast=true,scale=4,seed=1",
            ])
        guard case .command(let command) = stages[2].work else { return }
        #expect(command.arguments == ["make", "x3", "2", "true"])
        #expect(
            stages[2].group
                == StageGroup(
                    name: "train", values: [("fast", .boolean(true)), ("scale", .integer(3)), ("seed", .integer(2))]))
    }

    @Test func `exclude leaves out all combinations that have what it names`() throws {
        let stages = try stages(
            """
              a:
                matrix: {x: [1, 2, 3], y: [p, q]}
                exclude: [{x: 2}, {y: q, x: 3}]
                tool: synthesize
            """)
        #expect(stages.map(\.name.value) == ["a@x=1,y=p", "a@x=1,y=q", "a@x=3,y=p"])
    }

    private static let family = """
          train:
            matrix: {scale: [2, 3], seed: [1, 2]}
            run: make
            outputs: {model: model, log: log}
          images:
            foreach: [a, b]
            run: make
            outputs: {images: images}
        """

    @Test func `references name an instance, fit a pattern, or mean the whole group`() throws {
        let stages = try stages(
            Self.family + """

                  one: {run: make, inputs: {m: "train@scale=3,seed=1/model", n: "train@seed=2,scale=2"}, outputs: {o: o}}
                  some:
                    run: [make, "${inputs.m}"]
                    inputs: {m: "train@scale=*,seed=1/log", all: [train, images/images], few: [images@b, "images@*"]}
                    outputs: {o: o}
                """)
        let (one, some) = (stages[6], stages[7])
        #expect(references(one, "m") == ["train@scale=3,seed=1/model"])
        #expect(references(one, "n") == ["train@scale=2,seed=2"])
        #expect(references(some, "m") == ["train@scale=2,seed=1/log", "train@scale=3,seed=1/log"])
        #expect(
            references(some, "all") == [
                "train@scale=2,seed=1", "train@scale=2,seed=2", "train@scale=3,seed=1", "train@scale=3,seed=2",
                "images@a/images", "images@b/images",
            ])
        #expect(references(some, "few") == ["images@b", "images@a", "images@b"])
        #expect(some.inputs.map(\.isList) == [true, true, true])
        guard case .command(let command) = some.work else { return }
        #expect(command.arguments == ["make", "inputs/m/0", "inputs/m/1"])
    }

    @Test func `the name of a group means the instance with the same values where there are such`() throws {
        let stages = try stages(
            Self.family + """

                  score:
                    matrix: {scale: [2, 3], seed: [1, 2], set: [s]}
                    run: make
                    inputs: {model: train, list: [train], of: "train@scale=${scale},seed=*"}
                    outputs: {o: o}
                  show: {foreach: {b: 1, a: 2}, run: make, inputs: {i: images}, outputs: {o: o}}
                """)
        let scores = stages.filter { $0.title == "score" }
        #expect(scores[1].name.value == "score@scale=2,seed=2,set=s")
        #expect(references(scores[1], "model") == ["train@scale=2,seed=2"])
        #expect(references(scores[1], "list") == ["train@scale=2,seed=2"])
        #expect(references(scores[1], "of") == ["train@scale=2,seed=1", "train@scale=2,seed=2"])
        #expect(stages.filter { $0.title == "show" }.map { references($0, "i") } == [["images@b"], ["images@a"]])
    }

    @Test func `a list that a variable stands for is a list`() throws {
        let stages = try stages(
            """
              cut:
                foreach: {few: [1], many: [0.5, 1]}
                tool: patches
                inputs: x
                settings: {factors: "${item}"}
            """)
        #expect(
            stages.map { $0.settings.map(\.value) } == [
                [.list([.number(1)])], [.list([.number(0.5), .number(1)])],
            ])
    }

    @Test func `ten thousand instances are read in the time of their number`() throws {
        let numbers = (0..<100).map(String.init).joined(separator: ", ")
        let text = """
              a:
                matrix: {x: [\(numbers)], y: [\(numbers)]}
                run: make ${x} ${y}
                outputs: {o: o}
              b:
                matrix: {x: [\(numbers)], y: [\(numbers)]}
                run: make ${inputs.i}
                inputs: {i: a, j: "a@x=${x},y=${y}"}
                outputs: {o: o}
              c: {run: make, inputs: {all: [b]}, outputs: {o: o}}
            """
        let stages = try stages(text)
        #expect(stages.count == 20_001)
        #expect(stages[12_345].name.value == "b@x=23,y=45")
        #expect(references(stages[12_345], "i") == ["a@x=23,y=45"])
        #expect(references(stages[20_000], "all").count == 10_000)
    }
}
