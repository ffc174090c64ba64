// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import Imaging
package import PipelineManifest
package import SystemPackage

/// The images in a folder and below it, as a catalogue describes images; hidden files are passed over.
///
/// Each file is decoded and let go again, so that a set may be larger than memory.
package struct ImageFolder: Sendable {
    /// A file that is an image, or was meant to be one.
    package struct File: Hashable, Sendable {
        /// Relative to the folder, with its ending: `x2/HR/img_001.png`.
        package let name: String
        /// Nil where it cannot be read.
        package let image: Catalogue.Image?
        /// Why it cannot be read.
        package let damage: String?

        /// The folder that it lies in, relative to the whole; empty for the whole itself.
        var folder: String {
            name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
        }

        /// The file as a catalogue of one of the folders above it sees it.
        func found(below folder: String) -> FoundImage {
            let label = folder.isEmpty ? name : String(name.dropFirst(folder.count + 1))
            let stem = ImagesTool.stem(label)
            guard let image else { return FoundImage(damaged: stem, label: label, damage ?? "") }
            return FoundImage(image.named(stem), label: label)
        }
    }

    package let path: FilePath
    /// Sorted by the bytes of their names.
    package let files: [File]
    /// The names of files that neither look like images nor have the name of one.
    package let others: [String]

    /// Reads every file of the folder.
    ///
    /// - Parameter progress: is told how many files are done, and of how many.
    /// - Throws: a folder that cannot be listed.
    package init(_ path: FilePath, progress: (Int, Int) -> Void = { _, _ in }) throws(StoreError) {
        let listing = try FolderListing(path).files
        var files: [File] = []
        var others: [String] = []
        for (index, (name, _)) in listing.enumerated() {
            if let file = Self.file(name, in: path) { files.append(file) } else { others.append(name) }
            progress(index + 1, listing.count)
        }
        self.path = path
        self.files = files
        self.others = others
    }

    package init(path: FilePath, files: [File], others: [String]) {
        self.path = path
        self.files = files
        self.others = others
    }

    /// Nil for what is no image and was not meant to be one.
    private static func file(_ name: String, in folder: FilePath) -> File? {
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try Files.bytes(of: folder.pushing(FilePath(name)))
        } catch {
            return hasImageEnding(name) ? File(name: name, image: nil, damage: "\(error)") : nil
        }
        do throws(ImageDecodingError) {
            return File(
                name: name, image: Catalogue.Image(try Image(decoding: bytes), name: ImagesTool.stem(name)), damage: nil
            )
        } catch {
            guard hasImageEnding(name) || isImage(error) else { return nil }
            return File(name: name, image: nil, damage: "\(error)")
        }
    }

    /// Whether bytes that cannot be decoded are those of an image all the same.
    private static func isImage(_ error: ImageDecodingError) -> Bool {
        switch error {
        case .empty, .unknownFormat: false
        default: true
        }
    }

    private static func hasImageEnding(_ name: String) -> Bool {
        let endings: Set = ["png", "bmp", "jpg", "jpeg", "tif", "tiff", "gif", "webp", "ppm", "pgm"]
        return endings.contains(name.split(separator: ".").last?.lowercased() ?? "")
    }
}

extension Catalogue.Image {
    func named(_ name: String) -> Catalogue.Image {
        Catalogue.Image(name: name, width: width, height: height, mode: mode, pixels: pixels)
    }
}
