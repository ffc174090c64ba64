// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage

/// The command lines that would make again what a cache has lost, as its records have it.
///
/// Anybody who can write to a cache can write its records, so that they are shown to a person and never followed.
struct RepairAdvice {
    /// One for each manifest with its data folder and settings, sorted; to be pasted into a shell.
    let commandLines: [String]

    /// - Parameter cache: the cache as the user named it; nil where it is the usual one.
    init(for keys: [ActionKey], in history: RunHistory, cache: String?) {
        var lines: Set<String> = []
        for key in keys {
            guard let record = Self.newestRecord(of: key, in: history) else { continue }
            lines.insert(Self.words(for: record, cache: cache).map { ShellWord($0).text }.joined(separator: " "))
        }
        commandLines = lines.sorted { $0.precedes($1) }
    }

    private static func newestRecord(of key: ActionKey, in history: RunHistory) -> RunRecord? {
        history.records.last { record in record.stages.contains { $0.key == key && $0.outcome.hasResult } }
    }

    private static func words(for record: RunRecord, cache: String?) -> [String] {
        var words = ["reprise", "cache", "verify", "--repair", argument(record.manifestFile.string)]
        words += ["--data", record.dataFolder.string]
        for (name, value) in record.overrides.sorted(by: { $0.key.precedes($1.key) }) {
            words += ["--set", "\(name)=\(value)"]
        }
        if let cache { words += ["--cache", cache] }
        return words
    }

    /// A path that begins like an option is none.
    private static func argument(_ path: String) -> String { path.utf8.first == UInt8(ascii: "-") ? "./" + path : path }
}
