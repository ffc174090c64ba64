// SPDX-License-Identifier: Apache-2.0

package import PipelineManifest

/// A part of a catalogue that a folder's images may be.
package struct CatalogueCandidate: Hashable, Sendable {
    /// The catalogue's file as messages name it.
    package let file: String
    package let catalogue: Catalogue
    package let part: Catalogue.Part

    package init(file: String, catalogue: Catalogue, part: Catalogue.Part) {
        self.file = file
        self.catalogue = catalogue
        self.part = part
    }

    /// For example `Set5, part 'x2/HR'`.
    package var label: String { catalogue.label(of: part) }
}

/// Which parts of known sets the folders below a folder hold, and what is wrong with them.
///
/// The images of one folder are taken for the part that shares most pixels with them, then most names, then has the
/// least left over, then lies in a folder of that name: Set5's `x2/HR` and `x4/HR` hold the same images. At least half
/// of the smaller of the two sides must have its pixels on the other, or half of the larger its pixels or names; else
/// the images are unknown. A part whose names have folders in them is looked for in a folder with all below it.
package struct FolderCheck: Sendable {
    package enum Verdict: String, Hashable, Sendable {
        case whole
        case wrong
        case unknown
    }

    /// The images of one folder.
    package struct Group: Sendable {
        /// Relative to the folder that was checked; empty for that folder itself.
        package let folder: String
        package let imageCount: Int
        /// What the images are; nil where no catalogue has enough of them.
        package let match: CatalogueCandidate?
        /// Other parts that hold exactly the images of `match`.
        package let equals: [CatalogueCandidate]
        /// What is wrong; for unknown images, the files that cannot be read.
        package let findings: [CatalogueFinding]
        /// How many of each kind: `1 missing, 2 altered`; empty where nothing is wrong.
        package let summary: String
        /// Where nothing matches: the part that has most of the images, and how many.
        package let nearest: CatalogueCandidate?
        package let nearestCount: Int

        package var verdict: Verdict { match == nil ? .unknown : findings.isEmpty ? .whole : .wrong }
    }

    /// In the order of their folders' names.
    package let groups: [Group]

    /// Finds the part that each folder holds.
    ///
    /// - Parameter place: the names of the folders down to `folder` and its own.
    package init(_ folder: ImageFolder, among candidates: [CatalogueCandidate], place: [String]) {
        var grouping = Grouping(folder, candidates, place: place)
        grouping.takeNested()
        grouping.takeFlat()
        groups = grouping.groups.sorted { $0.folder.utf8.lexicographicallyPrecedes($1.folder.utf8) }
    }

    /// Compares the whole folder with one part, whatever it looks like.
    package init(_ folder: ImageFolder, as candidate: CatalogueCandidate) {
        groups = [Group(folder: "", found: folder.files.map { $0.found(below: "") }, candidate, equals: [])]
    }

    /// `wrong` where any folder is, else `unknown` where any is, else `whole`.
    package var verdict: Verdict {
        let verdicts = Set(groups.map(\.verdict))
        return verdicts.contains(.wrong) ? .wrong : verdicts.contains(.unknown) ? .unknown : .whole
    }

    /// The parts that no folder holds, of catalogues of which folders hold at least two.
    package var absentParts: [CatalogueCandidate] {
        let matches = groups.compactMap(\.match)
        var files: [String] = []
        for match in matches where !files.contains(match.file) { files.append(match.file) }
        return files.flatMap { file -> [CatalogueCandidate] in
            let here = matches.filter { $0.file == file }
            guard here.count > 1, let catalogue = here.first?.catalogue else { return [] }
            return catalogue.parts.filter { part in !here.contains { $0.part.name == part.name } }
                .map { CatalogueCandidate(file: file, catalogue: catalogue, part: $0) }
        }
    }
}

extension FolderCheck.Group {
    fileprivate init(folder: String, found: [FoundImage], _ match: CatalogueCandidate, equals: [CatalogueCandidate]) {
        let comparison = CatalogueComparison(match.part, found)
        self.folder = folder
        self.imageCount = found.count
        self.match = match
        self.equals = equals
        self.findings = comparison.findings
        self.summary = comparison.summary
        self.nearest = nil
        self.nearestCount = 0
    }

    fileprivate init(folder: String, unknown found: [FoundImage], nearest: CatalogueCandidate?, nearestCount: Int) {
        self.folder = folder
        self.imageCount = found.count
        self.match = nil
        self.equals = []
        self.findings = found.compactMap { image in
            image.damage.map { CatalogueFinding(kind: .damaged, image: image.label, detail: $0) }
        }
        self.summary = findings.isEmpty ? "" : "\(findings.count) damaged"
        self.nearest = nearest
        self.nearestCount = nearestCount
    }
}

/// Files put together by the parts they belong to.
private struct Grouping {
    private let candidates: [CatalogueCandidate]
    private let place: [String]
    private var files: [ImageFolder.File]
    private(set) var groups: [FolderCheck.Group] = []

    init(_ folder: ImageFolder, _ candidates: [CatalogueCandidate], place: [String]) {
        self.candidates = candidates
        self.place = place
        self.files = folder.files
    }

    /// Takes folders with all below them that are a part whose names have folders in them; the likest first, and of
    /// equally like ones the topmost.
    mutating func takeNested() {
        let nested = candidates.filter(\.isNested)
        while !nested.isEmpty {
            var likest: (folder: String, candidate: CatalogueCandidate, likeness: Likeness)?
            for folder in Set(files.flatMap { Self.foldersAbove($0.folder) }).sorted() {
                guard let (candidate, likeness) = best(of: nested, found(below: folder), in: folder),
                    likeness.isEnough, likest.map({ $0.likeness < likeness }) ?? true
                else { continue }
                likest = (folder, candidate, likeness)
            }
            guard let (folder, candidate, _) = likest else { return }
            append(candidate, found(below: folder), in: folder)
            files.removeAll { Self.lies($0, below: folder) }
        }
    }

    private func found(below folder: String) -> [FoundImage] {
        files.filter { Self.lies($0, below: folder) }.map { $0.found(below: folder) }
    }

    private static func lies(_ file: ImageFolder.File, below folder: String) -> Bool {
        folder.isEmpty || file.folder == folder || file.folder.hasPrefix(folder + "/")
    }

    /// Takes the images of each folder by themselves.
    mutating func takeFlat() {
        let flat = candidates.filter { !$0.isNested }
        for folder in Set(files.map(\.folder)).sorted() {
            let found = files.filter { $0.folder == folder }.map { $0.found(below: folder) }
            let best = best(of: flat, found, in: folder)
            if let best, best.likeness.isEnough {
                append(best.candidate, found, in: folder)
            } else {
                let sharedCount = best?.likeness.sharedPixels ?? 0
                groups.append(
                    FolderCheck.Group(
                        folder: folder, unknown: found, nearest: sharedCount > 0 ? best?.candidate : nil,
                        nearestCount: sharedCount))
            }
        }
        files = []
    }

    private mutating func append(_ candidate: CatalogueCandidate, _ found: [FoundImage], in folder: String) {
        let images = Set(candidate.part.images)
        let equals = candidates.filter { $0 != candidate && Set($0.part.images) == images }
        groups.append(FolderCheck.Group(folder: folder, found: found, candidate, equals: equals))
    }

    /// The first of the likest.
    private func best(
        of candidates: [CatalogueCandidate], _ found: [FoundImage], in folder: String
    ) -> (candidate: CatalogueCandidate, likeness: Likeness)? {
        let place = place + folder.split(separator: "/").map(String.init)
        var best: (candidate: CatalogueCandidate, likeness: Likeness)?
        for candidate in candidates {
            let likeness = Likeness(candidate, found, place: place)
            if best.map({ $0.likeness < likeness }) ?? true { best = (candidate, likeness) }
        }
        return best
    }

    /// `a/b` -> ``, `a`, `a/b`.
    private static func foldersAbove(_ folder: String) -> [String] {
        let parts = folder.split(separator: "/")
        return (0...parts.count).map { parts.prefix($0).joined(separator: "/") }
    }
}

extension CatalogueCandidate {
    fileprivate var isNested: Bool { part.images.contains { $0.name.contains("/") } }

    /// How many of the last folders of a path have the names that the part's folder has: 3 for `…/Set5/x2/HR`.
    fileprivate func affinity(to place: [String]) -> Int {
        let own = [catalogue.title] + (part.name ?? "").split(separator: "/").map(String.init)
        return zip(own.reversed(), place.reversed()).prefix { $0.lowercased() == $1.lowercased() }.count
    }
}

/// How much a part and some images have in common.
private struct Likeness: Comparable {
    let sharedPixels: Int
    let sharedNames: Int
    /// Images on both sides without the pixels of one on the other.
    let leftOver: Int
    let affinity: Int
    /// Images that were found and have the pixels or the name of an expected one.
    private let sharedInAnyWay: Int
    private let counts: (expected: Int, found: Int)

    init(_ candidate: CatalogueCandidate, _ found: [FoundImage], place: [String]) {
        let expected = candidate.part.images
        var pixels = Dictionary(expected.map { ($0.pixels, 1) }, uniquingKeysWith: +)
        let names = Set(expected.map(\.name))
        var (shared, sharedInAnyWay) = (0, 0)
        for found in found {
            let count = found.image.flatMap { pixels[$0.pixels] } ?? 0
            if count > 0, let image = found.image {
                pixels[image.pixels] = count - 1
                shared += 1
            }
            if count > 0 || names.contains(found.name) { sharedInAnyWay += 1 }
        }
        sharedPixels = shared
        sharedNames = names.intersection(found.map(\.name)).count
        self.sharedInAnyWay = sharedInAnyWay
        leftOver = expected.count + found.count - 2 * shared
        affinity = candidate.affinity(to: place)
        counts = (expected.count, found.count)
    }

    /// Whether the images are to be taken for the part.
    var isEnough: Bool {
        sharedPixels > 0 && 2 * sharedPixels >= min(counts.expected, counts.found)
            || 2 * sharedInAnyWay >= max(counts.expected, counts.found)
    }

    static func == (left: Self, right: Self) -> Bool { left.rank == right.rank }
    static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: (Int, Int, Int, Int) { (sharedPixels, sharedNames, -leftOver, affinity) }
}
