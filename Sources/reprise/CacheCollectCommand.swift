// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import Reporting
import SystemPackage

struct CacheCollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Lists what of the cache can go; with '--delete' it goes.",
        discussion: """
            What stays in any case: results in the locks beside the manifests of recorded runs and in those named with \
            '--lock', results of the last runs of each pipeline, what a running action reads or makes, and \
            everything younger than an hour. Of the rest goes what is older than '--max-age'; or the least recently \
            used until the cache fits '--max-size'; or all of it where neither is given. Ages are those of files, by \
            the clock of their file system. What has gone is made again when it is needed.
            """)

    @OptionGroup var options: CacheOptions

    @Flag(help: "Removes what is listed.")
    var delete = false

    @Option(help: ArgumentHelp("Keeps what was used since then: '90m', '12h' or '30d'.", valueName: "time"))
    var maxAge: String?

    @Option(help: ArgumentHelp("Keeps what fits this many bytes: '500MB', '20GB'.", valueName: "size"))
    var maxSize: String?

    @Option(help: ArgumentHelp("How many runs of each pipeline keep their results.", valueName: "n"))
    var keepLast = 1

    @Option(help: ArgumentHelp("A lock whose results stay.", valueName: "file"))
    var lock: [String] = []

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        guard keepLast >= 0 else { throw UsageError("'--keep-last \(keepLast)' is below 0") }
        let policy = CacheCollection.Policy(
            maximumAge: try maxAge.map { try Amount.nanoseconds($0, option: "--max-age") },
            maximumByteCount: try maxSize.map { try Amount.bytes($0, option: "--max-size") })
        let folders = try options.folders()
        for file in lock where try Files.status(FilePath(file)) == nil {
            throw UsageError("there is no lock '\(file)'")
        }
        let survey = try CacheSurvey(of: folders)
        let roots = try CacheRoots(of: survey, lockFiles: lock.map { FilePath($0) }, keptRunCount: keepLast)
        let now = try Files.fileTime(in: folders.root)
        let collection = try CacheCollection(of: survey, roots: roots, policy: policy, now: now)
        for warning in roots.warnings { Terminal.complain("warning: \(warning)") }
        let deletion = delete ? try collection.delete() : CacheCollection.Deletion()
        LeftoverText.tell(deletion.leftovers)
        Terminal.output.write(
            json ? document(collection, deletion).canonicalText + "\n" : text(collection, deletion))
    }

    private func text(_ collection: CacheCollection, _ deletion: CacheCollection.Deletion) -> String {
        guard !collection.items.isEmpty else {
            return "Nothing to remove: \(ByteCountText(collection.byteCount)) are in use or younger than an hour.\n"
        }
        var table = TextTable([.init("what"), .init("bytes", .right), .init("age", .right), .init("why")])
        for item in collection.items {
            table.append([
                .init(item.words), .init("\(ByteCountText(item.byteCount))"), .init(AgeText.text(item.age)),
                .init(item.reason),
            ])
        }
        let freed = ByteCountText(collection.freedByteCount - deletion.failedByteCount)
        let stays = ByteCountText(collection.keptByteCount + deletion.failedByteCount)
        let rest = "of \(ByteCountText(collection.byteCount)); \(stays) stay."
        guard delete else {
            return table.text() + "\nWould remove \(freed) \(rest) 'reprise cache gc --delete' does.\n"
        }
        let (keptCount, failedCount) = (deletion.keptCount, deletion.failedCount)
        let kept = keptCount > 0 ? "\(keptCount) of these were used meanwhile and stay too.\n" : ""
        let failed = failedCount > 0 ? "\(failedCount) of these could not be removed.\n" : ""
        return table.text() + "\nRemoved \(freed) \(rest)\n" + kept + failed
    }

    private func document(_ collection: CacheCollection, _ deletion: CacheCollection.Deletion) -> JSONValue {
        [
            "schema": 1, "deleted": .boolean(delete), "bytes": .integer(collection.byteCount),
            "freed": .integer(collection.freedByteCount - deletion.failedByteCount),
            "usedMeanwhile": .integer(deletion.keptCount),
            "notRemoved": .integer(deletion.failedCount),
            "items": .array(
                collection.items.map { item in
                    [
                        "what": .text(item.words), "bytes": .integer(item.byteCount),
                        "ageSeconds": .integer(Int(item.age / 1_000_000_000)), "reason": .text(item.reason),
                    ]
                }),
        ]
    }
}

/// Times and sizes as people write them in options.
enum Amount {
    static func nanoseconds(_ text: String, option: String) throws -> Int64 {
        let units: [(String, Int64)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)]
        guard let seconds = amount(text, units), seconds <= Int64.max / 1_000_000_000 else {
            throw UsageError("'\(option) \(text)' is no time", hint: "for example '90m', '12h' or '30d'")
        }
        return seconds * 1_000_000_000
    }

    static func bytes(_ text: String, option: String) throws -> Int {
        let units: [(String, Int64)] = [
            ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1), ("", 1),
        ]
        guard let bytes = amount(text, units) else {
            throw UsageError("'\(option) \(text)' is no size", hint: "for example '500MB' or '20GB'")
        }
        return Int(bytes)
    }

    /// Digits with one of the units after them.
    private static func amount(_ text: String, _ units: [(name: String, factor: Int64)]) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) })
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        return overflow ? nil : product
    }
}

/// How long ago something was, roughly: `5 min`, `3 h`, `40 d`.
enum AgeText {
    /// - Parameter age: in nanoseconds.
    static func text(_ age: Int64) -> String {
        let minutes = age / 60_000_000_000
        if minutes < 120 { return "\(minutes) min" }
        return minutes < 2 * 24 * 60 ? "\(minutes / 60) h" : "\(minutes / 60 / 24) d"
    }
}
