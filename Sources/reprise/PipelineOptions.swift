// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineTools

/// What every command on a pipeline takes.
struct PipelineOptions: ParsableArguments {
    @Argument(
        help: "A manifest, or a folder that holds 'pipeline.yml'.", completion: .file(extensions: ["yml", "yaml"]))
    var pipeline: String

    @Option(help: "Where relative sources are looked up; REPRISE_DATA, or 'data', where it is left out.")
    var data: String?

    @Option(help: "The cache's folder; REPRISE_CACHE, or 'cache', where it is left out.")
    var cache: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Changes a value under the manifest's 'settings:'.", valueName: "key=value"))
    var overrides: [String] = []

    /// - Parameter cache: the cache's folder where it is another than the options say.
    func session(cache: String? = nil) throws -> PipelineSession {
        try Self.session(
            pipeline: pipeline, data: data, cache: cache ?? self.cache,
            overrides: try overrides.map { try Self.override($0) })
    }

    /// A session where options that are left out are those of the environment.
    static func session(
        pipeline: String, data: String?, cache: String?, overrides: [(name: String, value: String)]
    ) throws -> PipelineSession {
        try PipelineSession(
            pipeline: pipeline, data: data ?? ProcessEnvironment.value(of: "REPRISE_DATA") ?? "data",
            cache: cache ?? ProcessEnvironment.value(of: "REPRISE_CACHE") ?? "cache",
            overrides: overrides, toolbox: .standard)
    }

    private static func override(_ text: String) throws -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw UsageError("'--set \(text)' is not of the form KEY=VALUE")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}
