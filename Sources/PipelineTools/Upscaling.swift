// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
package import SystemPackage
import TensorStore
package import Tensors
import Training

/// An image file made a larger one with the model of a file; nothing that a pipeline is made of.
package struct Upscaling: Sendable {
    /// A PNG or BMP file.
    package let image: FilePath
    package let model: FilePath
    /// A PNG file; one that is there is replaced in one step.
    package let output: FilePath
    /// What the model's scale must be, where it matters.
    package let scale: Int?
    /// Whether 16 bits a sample are rounded to 8; else they are refused.
    package let isDepthRounded: Bool

    package init(image: FilePath, model: FilePath, output: FilePath, scale: Int? = nil, isDepthRounded: Bool = false) {
        self.image = image
        self.model = model
        self.output = output
        self.scale = scale
        self.isDepthRounded = isDepthRounded
    }

    /// Reads, upscales and writes.
    ///
    /// - Parameters:
    ///   - note: is told what the image says beside its values, which the output does not say.
    ///   - progress: is told how many rows of the image are done, and of how many, before the first band and after
    ///     each; what it throws ends the work and leaves no file.
    /// - Throws: a `UsageError` for files that are not there, not to be written, or of another scale; a `ToolFailure`
    ///   for an image or a model that cannot be used; a `StoreError` for a disk that fails.
    package func run(
        threads: Int, level: SIMDLevel, note: (String) -> Void = { _ in },
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws {
        try requireFile(image, "image")
        try requireFile(model, "model", hint: Self.modelHint)
        try requireOutput()
        let model = try readModel()
        let source = try readImage()
        if !source.notes.isEmpty { note("'\(image)': not in the output: \(source.notes.joined(separator: ", "))") }
        let upscaler = try Upscaler(model, pool: WorkerPool(threads: threads), level: level)
        let bands = try upscaler.bands(of: source.colours)
        try Files.replace(output) { append in
            try progress(0, source.colours.height)
            let writer = try PNGWriter(
                height: source.colours.height * model.scale, width: source.colours.width * model.scale,
                colour: source.colours.mode == .grey8 ? .grey : .rgb, hasAlpha: source.alpha != nil)
            for band in bands {
                try append(writer.append(upscaler.picture(of: band, in: source.colours, alpha: source.alpha)))
                try progress(band.upperBound, source.colours.height)
            }
            try append(writer.end())
        }
    }

    private static let modelHint = "'reprise export' copies a trained model out of the cache, as 'model.h5'"

    // MARK: What is read

    /// The kind of a model file is decided here: HDF5, as `train` writes it.
    private func readModel() throws -> Model {
        let found: Model
        do {
            found = try Model(readingFrom: model)
        } catch let error as TensorFileError {
            throw ToolFailure("\(error)", hint: error == .notHDF5(file: model.string) ? Self.modelHint : nil)
        } catch let error as NetworkError {
            throw ToolFailure("cannot use the model '\(model)': \(error)")
        }
        if let scale, scale != found.scale {
            throw UsageError(
                "the model '\(found.name)' in '\(model)' makes images x\(found.scale), not x\(scale)",
                hint: "leave '--scale' out, or name a model for x\(scale)")
        }
        return found
    }

    private func readImage() throws -> (colours: Image, alpha: Image?, notes: [String]) {
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try Files.bytes(of: image)
        } catch {
            // A file of the user's that cannot be read is no fault of the cache.
            throw ToolFailure("\(error)")
        }
        do throws(ImageDecodingError) {
            let raster = try Raster(decoding: bytes)
            let colours = try Image(raster, alpha: .drop, depth: isDepthRounded ? .round : .refuse)
            return (colours, raster.alpha, raster.notes)
        } catch {
            throw ToolFailure(
                "cannot read the image '\(image)': \(error)",
                hint: error == .sixteenBit ? "'--depth round' rounds to 8 bits" : nil)
        }
    }

    // MARK: What is asked for

    private func requireFile(_ path: FilePath, _ kind: String, hint: String? = nil) throws(UsageError) {
        switch kindOfFile(at: path) {
        case nil: throw UsageError("there is no \(kind) '\(path)'", hint: hint)
        case .folder: throw UsageError("'\(path)' is a folder and no \(kind)", hint: hint)
        default: return
        }
    }

    private func requireOutput() throws {
        guard output.extension?.lowercased() == "png" else {
            throw UsageError("the output '\(output)' does not end with '.png'", hint: "only PNG files are written")
        }
        let folder = output.removingLastComponent()
        guard folder.isEmpty || kindOfFile(at: folder) == .folder else {
            throw UsageError("there is no folder '\(folder)' for the output '\(output)'")
        }
        guard kindOfFile(at: output) != .folder else { throw UsageError("the output '\(output)' is a folder") }
        for (input, kind) in [(image, "image"), (model, "model")] where isOneFile(input, output) {
            throw UsageError("the output '\(output)' is the \(kind) itself", hint: "give it another name")
        }
    }

    /// Nil where there is nothing, or nothing can be found out.
    private func kindOfFile(at path: FilePath) -> FileStatus.Kind? { (try? Files.status(path))??.kind }

    /// Whether both names lead to one file.
    private func isOneFile(_ first: FilePath, _ second: FilePath) -> Bool {
        guard let first = (try? Files.status(first)) ?? nil, let second = (try? Files.status(second)) ?? nil else {
            return false
        }
        return (first.device, first.inode) == (second.device, second.inode)
    }
}
