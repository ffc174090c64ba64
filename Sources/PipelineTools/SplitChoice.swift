// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import PipelineManifest

/// Which images the author chose for each part of a split, by number and by name.
///
/// An image counts by the image it was made from, so that a number or a name takes all its rotations and sizes.
struct SplitChoice {
    private let ids: [SplitPart: ImageIDs]
    private let names: [SplitPart: [String]]
    private let rest: SplitRest?

    /// Nil where nothing is chosen and shares decide.
    init?(_ context: ToolContext) throws {
        let settings = context.settings
        var ids: [SplitPart: ImageIDs] = [:]
        var names: [SplitPart: [String]] = [:]
        for part in SplitPart.allCases {
            ids[part] = try settings.optionalText(part.idsSetting).map { try Self.ids($0, of: part) }
            names[part] = settings.optionalTexts(part.namesSetting)
        }
        if ids.isEmpty, names.isEmpty { return nil }
        self.ids = ids
        self.names = names
        rest = settings.optionalText("rest").flatMap { SplitRest(rawValue: $0) }
        try Self.refuseShares(settings)
    }

    private static func ids(_ text: String, of part: SplitPart) throws -> ImageIDs {
        do throws(ImageIDs.Fault) {
            return try ImageIDs(text)
        } catch {
            throw ToolFailure(
                "\(quoted(error.word)) is no number and no range of numbers", at: .setting(part.idsSetting),
                hint: "write numbers and ranges with commas between, for example \"1-700, 705\"")
        }
    }

    /// Shares beside ids or names would be asked for in vain; those of the interface's defaults were not asked for.
    private static func refuseShares(_ settings: ToolSettings) throws {
        let asked =
            settings.number("validation") != 0.1 ? "validation" : settings.number("test") != 0 ? "test" : nil
        guard let asked else { return }
        throw ToolFailure(
            "ids and names say which images the parts have, and a share says it again", at: .setting(asked),
            hint: "leave out 'validation' and 'test', or the ids and names")
    }

    /// The part of each image; nil for one that is dropped.
    ///
    /// - Parameter groups: indices of images that belong together.
    func parts(of entries: [ImageSetEntry], groups: [[Int]], _ context: ToolContext) throws -> [SplitPart?] {
        try refuseAmbiguousIDs(entries, context)
        try refuseIDsWithoutImages(entries, context)
        try refuseNamesWithoutImages(entries, context)
        let chosen = entries.map { entry in SplitPart.allCases.filter { isChosen(entry, for: $0) } }
        try refuseOverlaps(entries, chosen, context)
        let parts = try resolved(chosen.map(\.first), entries, context)
        try refuseTornGroups(groups, entries, parts, context)
        return parts
    }

    private func isChosen(_ entry: ImageSetEntry, for part: SplitPart) -> Bool {
        if let ids = ids[part], let id = ImageIDs.id(ofName: entry.source), ids.contains(id) { return true }
        return (names[part] ?? []).contains { Self.matches($0, entry) }
    }

    private static func matches(_ name: String, _ entry: ImageSetEntry) -> Bool {
        if entry.name == name || entry.source == name { return true }
        let pattern = FilePattern(name)
        return pattern.matches(entry.name) || pattern.matches(entry.source)
    }

    // MARK: What is refused

    /// Two images of one number, where a part asks for it.
    private func refuseAmbiguousIDs(_ entries: [ImageSetEntry], _ context: ToolContext) throws {
        var sources: [Int: [String]] = [:]
        for entry in entries {
            guard let id = ImageIDs.id(ofName: entry.source), !sources[id, default: []].contains(entry.source) else {
                continue
            }
            sources[id, default: []].append(entry.source)
        }
        let ambiguous = sources.filter { $0.value.count > 1 }
        for part in SplitPart.allCases {
            guard let ids = ids[part] else { continue }
            let lines = ambiguous.filter { ids.contains($0.key) }.sorted { $0.key < $1.key }.map { id, names in
                "\(id): \(listed(names.map { "'\($0)'" }))"
            }
            if lines.isEmpty { continue }
            throw context.failure(
                "several images have one number, \(lines.count) time\(lines.count == 1 ? "" : "s")",
                at: .setting(part.idsSetting), listing: lines,
                hint: "an image's number is the first one in its name; choose these by '\(part.namesSetting)'")
        }
    }

    private func refuseIDsWithoutImages(_ entries: [ImageSetEntry], _ context: ToolContext) throws {
        let known = Set(entries.compactMap { ImageIDs.id(ofName: $0.source) })
        for part in SplitPart.allCases {
            guard let missing = ids[part]?.removing(known) else { continue }
            let count = missing.ranges.reduce(0) { $0 + $1.count }
            throw context.failure(
                "no images have \(count) of the numbers of '\(part.idsSetting)'", at: .setting(part.idsSetting),
                listing: missing.texts, hint: "an image's number is the first one in its name: 0801 and img_801 are 801"
            )
        }
    }

    private func refuseNamesWithoutImages(_ entries: [ImageSetEntry], _ context: ToolContext) throws {
        for part in SplitPart.allCases {
            let idle = (names[part] ?? []).filter { name in !entries.contains { Self.matches(name, $0) } }
            if idle.isEmpty { continue }
            throw context.failure(
                "\(idle.count) of the names of '\(part.namesSetting)' fit\(idle.count == 1 ? "s" : "") no image",
                at: .setting(part.namesSetting), listing: idle.map { "'\($0)'" },
                hint: "an image's name is its file's name without the ending")
        }
    }

    private func refuseOverlaps(
        _ entries: [ImageSetEntry], _ chosen: [[SplitPart]], _ context: ToolContext
    ) throws {
        let twice = zip(entries, chosen).filter { $0.1.count > 1 }
        guard let first = twice.first?.1.last else { return }
        throw context.failure(
            "\(twice.count) image\(twice.count == 1 ? " is" : "s are") chosen for more than one part",
            at: .setting(ids[first] == nil ? first.namesSetting : first.idsSetting),
            listing: twice.map { entry, parts in "'\(entry.name)': \(listed(parts.map(\.rawValue)))" })
    }

    /// Gives what is left its place.
    private func resolved(
        _ parts: [SplitPart?], _ entries: [ImageSetEntry], _ context: ToolContext
    ) throws -> [SplitPart?] {
        switch rest {
        case .train?: return parts.map { $0 ?? .train }
        case .drop?: return parts
        case nil:
            let left = zip(entries, parts).filter { $0.1 == nil }.map { "'\($0.0.name)'" }
            if left.isEmpty { return parts }
            throw context.failure(
                "\(left.count) image\(left.count == 1 ? " is" : "s are") in no part", at: .stage, listing: left,
                hint: "'rest: train' trains on what is left, 'rest: drop' leaves it out")
        }
    }

    /// Images that are equal, or made from one, in different parts.
    private func refuseTornGroups(
        _ groups: [[Int]], _ entries: [ImageSetEntry], _ parts: [SplitPart?], _ context: ToolContext
    ) throws {
        let torn = groups.filter { Set($0.compactMap { parts[$0] }).count > 1 }
        if torn.isEmpty { return }
        let lines = torn.map { group in
            listed(
                group.sorted().compactMap { index in parts[index].map { "'\(entries[index].name)' (\($0.rawValue))" } })
        }
        throw context.failure(
            "images that are equal, or made from one image, are in different parts", at: .stage, listing: lines,
            hint: "choose one part for them, or leave all but one out of the set")
    }
}
