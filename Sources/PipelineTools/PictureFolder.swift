// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
package import SystemPackage

/// The images of a set as PNG files, for people and other programs.
package enum PictureFolder {
    /// Writes each image of the set at `path` to `NAME.png` in `folder`, and returns the files in the set's order.
    ///
    /// Files of the same names are replaced. An image whose name would lead out of the folder is refused before
    /// anything is written: a set that a command made may say anything.
    package static func write(imagesOf path: FilePath, to folder: FilePath) throws -> [FilePath] {
        let images = try ImageSetReader(path)
        let targets = try images.entries.map { try target(named: $0.name, in: folder) }
        for (index, target) in targets.enumerated() {
            try Files.makeFolder(target.removingLastComponent())
            let temporary = Files.temporarySibling(of: target)
            try Files.write(try images.image(index).png(), toNew: temporary)
            try Files.rename(temporary, to: target)
        }
        return targets
    }

    private static func target(named name: String, in folder: FilePath) throws -> FilePath {
        let relative = FilePath(name + ".png")
        guard let target = folder.lexicallyResolving(relative), target != folder, !name.utf8.contains(0) else {
            throw ToolFailure("the image '\(name)' cannot be written to '\(folder)', since its name leads out of it")
        }
        return target
    }
}
