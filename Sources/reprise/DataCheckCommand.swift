// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineManifest
import PipelineTools
import Reporting
import SystemPackage

struct DataCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Names the data set that a folder holds, and each image that is missing, extra, altered or renamed.",
        discussion: """
            Each folder below FOLDER that holds PNG or BMP files is compared by itself, so that all parts of a set can \
            be checked at once. Images count by their pixels, whatever file holds them.

            Catalogues are looked for in 'data' of the current folder and in 'share/reprise/catalogues' beside the \
            folder of the program.

            Exit codes: 0 every folder is a whole part of a known set; 1 images are missing, altered, renamed, damaged \
            or too many; 2 usage, a folder without images, or a mistake in a catalogue; 3 no catalogue knows the images.
            """)

    @Argument(help: "A folder with the images of a set, or of several.")
    var folder: String

    @Option(
        help: ArgumentHelp(
            "Compares with this catalogue alone, or with one part of it.", valueName: "file[#part]"))
    var catalogue: String?

    @Option(help: ArgumentHelp("Looks for catalogues in this folder alone.", valueName: "dir"))
    var catalogues: String?

    @Flag(help: "Prints one JSON object instead of text.")
    var json = false

    func run() async throws {
        if catalogue != nil, catalogues != nil {
            throw UsageError(
                "'--catalogue' names one catalogue and '--catalogues' a folder of them: give one of the two")
        }
        let (candidates, isOne) = try candidates()
        let images = try ImageFolder.read(named: folder)
        let check =
            isOne
            ? FolderCheck(images, as: candidates[0])
            : FolderCheck(images, among: candidates, place: Self.place(of: images.path))
        let text = FolderCheckText(check, of: images)
        Terminal.output.write(json ? text.json.canonicalText + "\n" : text.text)
        switch check.verdict {
        case .whole: return
        case .wrong: throw RepriseExit.stageFailed
        case .unknown: throw RepriseExit.differs
        }
    }

    /// The parts that the images may be, and whether they are meant to be a certain one.
    private func candidates() throws -> (candidates: [CatalogueCandidate], isOne: Bool) {
        if let catalogue { return try CatalogueShelf.parts(of: catalogue) }
        return (try CatalogueShelf(folder: catalogues).candidates, false)
    }

    /// The names of the folders down to this one.
    private static func place(of folder: FilePath) -> [String] {
        folder.absolute.components.map(\.string)
    }
}

/// What `data check` prints.
struct FolderCheckText {
    private let check: FolderCheck
    private let folder: ImageFolder

    init(_ check: FolderCheck, of folder: ImageFolder) {
        self.check = check
        self.folder = folder
    }

    /// A line for each folder, then what is wrong, an image a line.
    var text: String {
        var table = TextTable([.init(""), .init(""), .init("")])
        for group in check.groups {
            table.append([.init(path(of: group)), .init(group.match?.label ?? "unknown"), .init(state(of: group))])
        }
        var text = table.text()
        for group in check.groups where !group.findings.isEmpty {
            var lines = TextTable([.init("")])
            for finding in group.findings { lines.append([.init(finding.text)]) }
            text += "\n" + (check.groups.count > 1 ? "\(path(of: group)):\n" : "")
            text += lines.text().split(separator: "\n").map { "  \($0)\n" }.joined()
        }
        var remarks = TextTable([.init("")])
        for part in check.absentParts { remarks.append([.init("no folder holds \(part.label)")]) }
        if !folder.others.isEmpty { remarks.append([.init(others)]) }
        return check.absentParts.isEmpty && folder.others.isEmpty ? text : text + "\n" + remarks.text()
    }

    var json: JSONValue {
        [
            "schema": 1, "folder": .text(folder.path.string), "verdict": .text(check.verdict.rawValue),
            "folders": .array(check.groups.map { json(of: $0) }),
            "absent": .array(check.absentParts.map { json(of: $0) }),
            "others": .array(folder.others.map { .text($0) }),
        ]
    }

    private func path(of group: FolderCheck.Group) -> String {
        group.folder.isEmpty ? folder.path.string : folder.path.pushing(FilePath(group.folder)).string
    }

    private func state(of group: FolderCheck.Group) -> String {
        let count = "\(group.imageCount) image\(group.imageCount == 1 ? "" : "s")"
        switch group.verdict {
        case .whole:
            let equals = group.equals.map { "'\($0.part.name ?? $0.label)'" }
            return "whole, \(count)" + (equals.isEmpty ? "" : ", the same as \(listed(equals))")
        case .wrong: return group.summary
        case .unknown:
            var state = count
            if let nearest = group.nearest { state += ", \(group.nearestCount) of them in \(nearest.label)" }
            return state + (group.summary.isEmpty ? "" : ", \(group.summary)")
        }
    }

    private var others: String {
        let shown = 5
        let names = folder.others.prefix(shown).map { "'\($0)'" }
        let rest = folder.others.count - names.count
        return "passed over, being no images: " + listed(names + (rest > 0 ? ["\(rest) more"] : []))
    }

    private func json(of group: FolderCheck.Group) -> JSONValue {
        var members: [String: JSONValue] = [
            "folder": .text(group.folder), "verdict": .text(group.verdict.rawValue),
            "images": .integer(group.imageCount),
            "findings": .array(
                group.findings.map { finding in
                    [
                        "kind": .text(finding.kind.rawValue), "image": .text(finding.image),
                        "detail": .text(finding.detail),
                    ]
                }),
            "equals": .array(group.equals.map { json(of: $0) }),
        ]
        if let match = group.match { members["match"] = json(of: match) }
        if let nearest = group.nearest {
            members["nearest"] = json(of: nearest)
            members["shared"] = .integer(group.nearestCount)
        }
        return .object(members)
    }

    private func json(of candidate: CatalogueCandidate) -> JSONValue {
        var members: [String: JSONValue] = [
            "title": .text(candidate.catalogue.title), "catalogue": .text(candidate.file),
        ]
        if let part = candidate.part.name { members["part"] = .text(part) }
        return .object(members)
    }
}
