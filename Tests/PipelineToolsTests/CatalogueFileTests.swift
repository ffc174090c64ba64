// SPDX-License-Identifier: Apache-2.0

import Foundation
import PipelineManifest
import PipelineTools
import SystemPackage
import Testing

/// The catalogues in the tree.
@Suite struct CatalogueFileTests {
    private func catalogue(_ set: String) throws -> (catalogue: Catalogue, text: String) {
        let path = SharedData.root.appendingPathComponent("data/\(set).yml").path
        return (try Catalogue(readingFrom: FilePath(path)), try String(contentsOfFile: path, encoding: .utf8))
    }

    @Test(arguments: [("T91", 1, 91), ("Set5", 7, 35), ("Set14", 6, 84)])
    func `each is written as this Reprise writes it, with its origin and terms`(
        set: String, partCount: Int, imageCount: Int
    ) throws {
        let (catalogue, text) = try catalogue(set)
        #expect(catalogue.title == set)
        #expect(catalogue.text == text)
        #expect(catalogue.origin != nil && catalogue.reference != nil && catalogue.terms != nil)
        #expect(catalogue.parts.count == partCount)
        #expect(catalogue.parts.reduce(0) { $0 + $1.images.count } == imageCount)
    }

    @Test(.enabled(if: SharedData.isThere, SharedData.absence), arguments: ["T91", "Set5", "Set14"])
    func `each equals what its folder holds`(set: String) throws {
        let folder = try ImageFolder(FilePath("\(SharedData.folder)/datasets/\(set)"))
        #expect(try folder.parts(isOnePart: false) == catalogue(set).catalogue.parts)
        #expect(folder.others == ["SHA256SUMS"])
    }

    @Test(.enabled(if: SharedData.isThere, SharedData.absence))
    func `a folder with all sets is told part by part`() throws {
        let candidates = try ["Set14", "Set5", "T91"].flatMap { set in
            let catalogue = try catalogue(set).catalogue
            return catalogue.parts.map { CatalogueCandidate(file: set, catalogue: catalogue, part: $0) }
        }
        let folder = try ImageFolder(FilePath("\(SharedData.folder)/datasets"))
        let check = FolderCheck(folder, among: candidates, place: ["datasets"])
        #expect(check.verdict == .whole)
        let scales = ["x2", "x3", "x4"].flatMap { scale in ["HR", "LR"].map { "\(scale)/\($0)" } }
        #expect(
            check.groups.map { "\($0.folder): \($0.match?.label ?? "")" }
                == scales.map { "Set14/\($0): Set14, part '\($0)'" }
                + (["original"] + scales).map { "Set5/\($0): Set5, part '\($0)'" } + ["T91: T91"])
        #expect(check.absentParts.isEmpty)
    }
}
