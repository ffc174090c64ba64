// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PipelineExecution
import PipelineManifest
import PipelineTools
import SystemPackage

struct DataCatalogueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue",
        abstract: "Prints the catalogue of a folder's images, for a set of your own.",
        discussion: """
            Each folder below FOLDER that holds PNG or BMP files becomes a part with the folder's name; images that \
            lie in FOLDER itself make one set without parts, with all below it. Save what is printed as a file, and \
            name it in a source's 'catalogue'.
            """)

    @Argument(help: "A folder with images.")
    var folder: String

    @Option(help: "The set's name; that of the folder where it is left out.")
    var title: String?

    @Option(help: "Who published the set.")
    var origin: String?

    @Option(help: "Where it was published, for example a paper.")
    var reference: String?

    @Option(help: "What may be done with the images.")
    var terms: String?

    @Flag(help: "Makes one set without parts of all images, with their folders in their names.")
    var onePart = false

    func run() async throws {
        let images = try ImageFolder.read(named: folder)
        do throws(CataloguingError) {
            let catalogue = Catalogue(
                title: title ?? images.path.absolute.lastComponent?.string ?? folder, origin: origin,
                reference: reference, terms: terms, parts: try images.parts(isOnePart: onePart))
            Terminal.output.write(catalogue.text)
        } catch {
            throw complaint(about: error)
        }
    }

    private func complaint(about error: CataloguingError) -> any Error {
        guard case .damaged(let files) = error else { return UsageError("\(error)") }
        Terminal.complain("error: \(error)\n" + files.map { "  \($0)\n" }.joined())
        return RepriseExit.stageFailed
    }
}
