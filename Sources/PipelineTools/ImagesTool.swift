// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Imaging
import PipelineExecution
import PipelineManifest
import Tensors

/// Reads a folder of PNG or BMP files as an image set.
struct ImagesTool: Tool {
    let interface = ToolInterface(
        name: "images", version: 1,
        summary: "reads a folder of PNG or BMP files as an image set",
        inputs: [
            .init(
                "files", [.folder], checksCatalogue: true,
                summary: "the image files; 'files:' of the source selects some by pattern")
        ],
        outputs: [.init("images", .images, summary: "the decoded images, in the order of their names")],
        settings: [
            .init(
                "alpha", .choice(AlphaRule.allCases.map(\.rawValue)), .optional,
                summary: "what becomes of alpha: 'drop' keeps the colours as stored, 'black' and 'white' show them on"
                    + " that; a pixel that is not opaque is refused where it is left out"),
            .init(
                "depth", .choice(DepthRule.allCases.map(\.rawValue)), .optional,
                summary: "what becomes of 16 bits a sample: 'round' makes 8 of them; refused where it is left out"),
        ])

    func run(_ context: ToolContext) throws {
        var set = try ImageSetWriter(context.output("images"))
        // By the names without their endings, so that the order does not change with the files' format.
        let files = context.input("files").files.map { (name: Self.stem($0.name), file: $0) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let rules = (
            alpha: AlphaRule(rawValue: context.settings.optionalText("alpha") ?? "") ?? .refuse,
            depth: DepthRule(rawValue: context.settings.optionalText("depth") ?? "") ?? .refuse
        )
        try WorkerPool(threads: context.threads).inOrder(files.count) { index in
            try Self.picture(in: files[index].file, rules.alpha, rules.depth)
        } take: { index, picture in
            let (name, file) = files[index]
            if !picture.notes.isEmpty {
                context.remark("'\(file.name)': kept out of the values: \(picture.notes.joined(separator: ", "))")
            }
            try set.append(picture.image, ImageSetEntry(name: name, source: name, transform: "none"))
            context.report(StageProgress("images", done: index + 1, total: files.count))
        }
        try set.close()
        try context.checkCatalogue(ofInput: "files", against: context.output("images"))
    }

    /// The pixels of one file, and what it says beside them.
    private static func picture(
        in file: ToolInput.File, _ alpha: AlphaRule, _ depth: DepthRule
    ) throws -> (image: Image, notes: [String]) {
        let bytes = try bytes(of: file)
        do throws(ImageDecodingError) {
            let raster = try Raster(decoding: bytes)
            return (try Image(raster, alpha: alpha, depth: depth), raster.notes)
        } catch {
            throw ToolFailure(
                "cannot read the image '\(file.path)': \(error)", at: .input("files"), hint: hint(for: error))
        }
    }

    private static func hint(for error: ImageDecodingError) -> String {
        switch error {
        case .transparent: "'alpha: white' shows transparent pixels on white, 'black' on black, 'drop' as if opaque"
        case .sixteenBit: "'depth: round' rounds to 8 bits"
        default: "a source's 'files: \"*.png\"' leaves other files out"
        }
    }

    private static func bytes(of file: ToolInput.File) throws -> [UInt8] {
        do {
            return try file.contents()
        } catch let failure as ToolFailure {
            throw ToolFailure(failure.message, at: .input("files"), hint: failure.hint)
        } catch let error as StoreError {
            // A file of the user's that cannot be read is no fault of the cache.
            throw ToolFailure("\(error)", at: .input("files"))
        }
    }

    /// `a/b/t1.png` -> `a/b/t1`.
    static func stem(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), name.lastIndex(of: "/").map({ $0 < dot }) ?? true else { return name }
        let stem = name[..<dot]
        return stem.isEmpty ? name : String(stem)
    }
}
