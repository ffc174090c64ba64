// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ContentStore
import PipelineExecution
import PipelineTools
import SystemPackage

struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Tells which known data set a folder holds, and prints the catalogue of a set of yours.",
        discussion: """
            A catalogue lists the images of a set with the digests of their pixels, so that PNG and BMP copies of an \
            image agree. A source of a manifest that names one ('catalogue: FILE#PART') is checked before its images \
            are used.
            """,
        subcommands: [DataCheckCommand.self, DataCatalogueCommand.self])
}

extension ImageFolder {
    /// Reads a folder that the user named, telling on a terminal how far it is.
    static func read(named folder: String) throws -> ImageFolder {
        let path = FilePath(folder)
        guard (try? Files.status(path))??.kind == .folder else {
            throw UsageError("there is no folder '\(folder)'")
        }
        let terminal = Terminal.error
        do throws(StoreError) {
            let images = try ImageFolder(path) { done, total in
                guard terminal.isTerminal, done == total || done % 16 == 0 else { return }
                terminal.write("\r\u{1b}[2K" + (done == total ? "" : "\(done) of \(total) files"))
            }
            if !images.files.isEmpty { return images }
        } catch {
            throw UsageError("\(error)")
        }
        throw UsageError("the folder '\(folder)' holds no images")
    }
}
