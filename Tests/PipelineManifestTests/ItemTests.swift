// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// What lists of items become.
@Suite struct ItemTests {
    /// The stage's settings for the flow text of `layers`, after the lines of the manifest's own settings.
    private func settings(
        _ layers: String, last: String? = nil, own: String = "{}", at place: Testing.SourceLocation = #_sourceLocation
    ) throws -> [StageSetting] {
        let others = last.map { ", last: \($0)" } ?? ""
        let text = """
            reprise: 1
            settings: \(own)
            stages:
              b: {tool: build, settings: {layers: \(layers)\(others)}}
            """
        return try #require(try manifest(text, tools: [Tools.build], at: place).stages.first).settings
    }

    private func layers(
        _ text: String, own: String = "{}", at place: Testing.SourceLocation = #_sourceLocation
    ) throws -> SettingValue {
        try #require(try settings(text, own: own, at: place).first { $0.name == "layers" }).value
    }

    @Test func `an item is its kind with its value and the fields that are given`() throws {
        let text = #"""
            [{convolution: 56, kernel: 5}, {prelu: per-channel}, relu, {dropout: true, rate: 1}, dropout, {scale: 2},
            {convolution: 1, kernel: 3, stride: 2, bias: false, name: "last", padding: [1, 0]}]
            """#
        #expect(
            try layers(text)
                == .list([
                    .map(["convolution": .integer(56), "kernel": .integer(5)]), .map(["prelu": .text("per-channel")]),
                    .map(["relu": .boolean(true)]), .map(["dropout": .boolean(true), "rate": .number(1)]),
                    .map(["dropout": .boolean(true)]), .map(["scale": .number(2)]),
                    .map([
                        "convolution": .integer(1), "kernel": .integer(3), "stride": .integer(2),
                        "bias": .boolean(false), "name": .text("last"), "padding": .list([.integer(1), .integer(0)]),
                    ]),
                ]))
    }

    @Test(arguments: [
        "[{kernel: 5, convolution: 56}, relu]", "[{\"convolution\": 56, 'kernel': 5}, 'relu']",
        "[{convolution: 56, kernel: 5}, {relu: true}]", "[{convolution: 56, kernel: 5}, relu: true]",
        "[{convolution: \"${n}\", kernel: ${k}}, \"${word}\"]", "[\"${first}\", re${end}]", "${all}",
    ])
    func `however it is written, a list of items is the same`(text: String) throws {
        let own = """
            {n: 56, k: 5, word: relu, end: lu, first: {convolution: 56, kernel: 5}, \
            all: [{kernel: 5, convolution: 56}, relu]}
            """
        #expect(try layers(text, own: own) == layers("[{convolution: 56, kernel: 5}, relu]"))
    }

    @Test func `an item may stand on lines of its own`() throws {
        let text = """
            reprise: 1
            stages:
              b:
                tool: build
                settings:
                  layers:
                    - convolution: 56
                      kernel: 5
                    - relu
            """
        let read = try manifest(text, tools: [Tools.build])
        #expect(try read.stages.first?.settings.map(\.value) == [layers("[{convolution: 56, kernel: 5}, relu]")])
    }

    @Test func `the description of a list of items can stand in a manifest and means the same`() throws {
        let value = try layers(
            "[{convolution: 56, kernel: 5, padding: [1, 2], name: a}, relu, {dropout: true, rate: 0.5}, {scale: 3}]")
        #expect(
            value.description
                == "[{convolution: 56, kernel: 5, name: a, padding: [1, 2]}, {relu: true}, {dropout: true, rate: 0.5}, "
                + "{scale: 3}]")
        #expect(try layers(value.description) == value)
    }

    @Test func `one item need not be in a list`() throws {
        #expect(try settings("[relu]", last: "clamp").first?.value == .map(["clamp": .boolean(true)]))
        #expect(try settings("[relu]", last: "{tanh: 2}").first?.value == .map(["tanh": .number(2)]))
        let own = "{last: {tanh: 2.0}}"
        #expect(try settings("[relu]", last: "${last}", own: own).first?.value == .map(["tanh": .number(2)]))
    }

    @Test func `each element of a list has its place, also where a setting holds the list`() throws {
        let written = try #require(try settings("[relu, {scale: 2}]").first)
        #expect(written.elementLocations.map { [$0.line, $0.column, $0.length] } == [[4, 40, 4], [4, 46, 1]])
        let own = "{all: [relu, {scale: 2}, dropout]}"
        let referred = try #require(try settings("${all}", own: own).first)
        #expect(
            referred.elementLocations.map { [$0.line, $0.column, $0.length] } == [
                [2, 18, 4], [2, 24, 1], [2, 36, 7],
            ])
        #expect(referred.location?.line == 4)
        #expect(try settings("[relu]", last: "clamp").first?.elementLocations == [])
    }
}
