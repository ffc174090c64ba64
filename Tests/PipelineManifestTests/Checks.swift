// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Reads a manifest that is expected to be without mistakes.
func manifest(
    _ text: String, file: String = "p.yml", set overrides: [(name: String, value: String)] = [],
    tools: [ToolInterface] = Tools.all, include: @escaping (String) -> IncludedText = { _ in .missing },
    at place: Testing.SourceLocation = #_sourceLocation
) throws -> Manifest {
    do {
        return try Manifest.parse(
            SourceText(file: file, text: text), interfaces: tools, overrides: overrides, include: include)
    } catch {
        Issue.record("\(DiagnosticText().text(of: error))", sourceLocation: place)
        throw error
    }
}

/// What a manifest's author is told.
func told(
    _ text: String, file: String = "p.yml", set overrides: [(name: String, value: String)] = [],
    tools: [ToolInterface] = Tools.all
) -> String {
    do {
        _ = try Manifest.parse(SourceText(file: file, text: text), interfaces: tools, overrides: overrides)
        return "(nothing)\n"
    } catch {
        return DiagnosticText().text(of: error)
    }
}

/// Compares the whole of what is told with `expected`; both texts lack their last line ending here.
func check(
    _ text: String, tells expected: String, set overrides: [(name: String, value: String)] = [],
    tools: [ToolInterface] = Tools.all, at place: Testing.SourceLocation = #_sourceLocation
) {
    let found = told(text.isEmpty ? "" : text + "\n", set: overrides, tools: tools)
    #expect(found == expected + "\n", "told:\n\(found)", sourceLocation: place)
}
