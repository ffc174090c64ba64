// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage

extension ToolContext {
    /// Checks an image set against the catalogue that the source under an input names; a source without one passes.
    ///
    /// - Throws: a `ToolFailure` with every image that is missing, extra, altered or renamed.
    func checkCatalogue(ofInput input: String, against images: FilePath) throws {
        guard let file = self.input(input).catalogue else { return }
        let (catalogue, part) = try cataloguePart(file, of: input)
        let set = try ImageSetReader(images)
        let found = try (0..<set.count).map { index in
            let image = Catalogue.Image(try set.image(index), name: set.entries[index].name)
            return FoundImage(image, label: image.name)
        }
        let comparison = CatalogueComparison(part, found)
        if comparison.isWhole {
            remark("the images are those of \(catalogue.label(of: part)): all \(part.images.count)")
            return
        }
        throw failure(
            "the images are not those of \(catalogue.label(of: part)): \(comparison.summary)",
            at: .catalogue(ofInput: input), listing: comparison.findings.map(\.text),
            hint: Self.hint(for: comparison))
    }

    /// A failure that lists one thing a line: all of them in the stage's log, the first of many on the terminal.
    func failure(_ message: String, at place: ToolFailure.Place, listing: [String], hint: String? = nil) -> ToolFailure
    {
        let shown = 20
        guard listing.count > shown else { return ToolFailure(message, at: place, details: listing, hint: hint) }
        for line in listing { remark(line) }
        let rest = "and \(listing.count - shown) more: 'reprise log' shows all of them"
        return ToolFailure(message, at: place, details: Array(listing.prefix(shown)) + [rest], hint: hint)
    }

    private func cataloguePart(
        _ file: ToolInput.File, of input: String
    ) throws -> (catalogue: Catalogue, part: Catalogue.Part) {
        let catalogue: Catalogue
        do {
            catalogue = try Catalogue(parsing: try file.contents(limit: Catalogue.maximumByteCount), of: file.path)
        } catch let failure as ToolFailure {
            throw ToolFailure(failure.message, at: .catalogue(ofInput: input), hint: failure.hint)
        } catch {
            throw ToolFailure("\(error)", at: .catalogue(ofInput: input))
        }
        switch catalogue.part(named: file.name.isEmpty ? nil : file.name) {
        case .success(let part): return (catalogue, part)
        case .failure(let unknown):
            throw ToolFailure(unknown.message, at: .catalogue(ofInput: input), hint: unknown.hint)
        }
    }

    private static func hint(for comparison: CatalogueComparison) -> String {
        comparison.findings.allSatisfy { $0.kind == .extra }
            ? "'files:' of the source says which of its files count"
            : "'reprise data check FOLDER' tells which set a folder holds"
    }
}
