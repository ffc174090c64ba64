// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage

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

    /// - Parameters:
    ///   - cache: the cache's folder where it is another than the options say.
    ///   - lookUp: finds further mistakes in the manifest's folder.
    func session(
        cache: String? = nil, lookUp: (_ manifest: Manifest, _ folder: FilePath) -> [Diagnostic] = { _, _ in [] }
    ) throws -> PipelineSession {
        try Self.session(
            pipeline: pipeline, data: data, cache: cache ?? self.cache,
            overrides: try overrides.map { try Self.override($0) }, lookUp: lookUp)
    }

    /// A session where options that are left out are those of the environment.
    static func session(
        pipeline: String, data: String?, cache: String?, overrides: [(name: String, value: String)],
        lookUp: (_ manifest: Manifest, _ folder: FilePath) -> [Diagnostic] = { _, _ in [] }
    ) throws -> PipelineSession {
        try PipelineSession(
            pipeline: pipeline, data: data ?? usualData,
            cache: cache ?? usualCache, overrides: overrides, toolbox: .standard, lookUp: lookUp)
    }

    /// The data folder where no option names one.
    static var usualData: String { ProcessEnvironment.value(of: "REPRISE_DATA") ?? "data" }

    /// The cache's folder where no option names one.
    static var usualCache: String { ProcessEnvironment.value(of: "REPRISE_CACHE") ?? "cache" }

    static func override(_ text: String) throws -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw UsageError("'--set \(text)' is not of the form KEY=VALUE")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}
