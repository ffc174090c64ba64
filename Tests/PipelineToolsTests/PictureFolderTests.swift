// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import PipelineExecution
import PipelineTools
import SystemPackage
import Testing

@Suite struct PictureFolderTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test func `images are written as PNG files that hold the same pixels, in folders where names have them`() throws {
        let images = [StoredImage("a", pattern(5, 7)), StoredImage("x2/b", pattern(3, 2, .grey8))]
        let folder = try workshop.newPath("pictures")
        let files = try PictureFolder.write(imagesOf: workshop.imageSet(images).path, to: folder)
        #expect(files == [folder.appending("a.png"), folder.appending("x2/b.png")])
        for (file, stored) in zip(files, images) {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file.string))
            #expect(try Image(decoding: Array(bytes)) == stored.image)
        }
    }

    @Test(arguments: ["../evil", "a/../../evil", "x/../../pictures.evil"])
    func `a name that leads out of the folder is refused before anything is written`(name: String) throws {
        let folder = try workshop.newPath("pictures")
        let set = try workshop.imageSet([StoredImage("fine", pattern(2, 2)), StoredImage(name, pattern(2, 2))])
        let refused = try failure { _ = try PictureFolder.write(imagesOf: set.path, to: folder) }
        #expect(
            refused.message
                == "the image '\(name)' cannot be written to '\(folder)', since its name leads out of it")
        #expect(!FileManager.default.fileExists(atPath: folder.string))
    }
}
