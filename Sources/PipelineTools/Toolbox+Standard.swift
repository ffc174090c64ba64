// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import Imaging
package import PipelineExecution
package import PipelineManifest
import SystemPackage
package import TensorStore

private let allTools: [any Tool] = [
    ImagesTool(), SynthesizeTool(), SplitTool(), AugmentTool(), JitterTool(), ResizeTool(), PatchesTool(), TrainTool(),
    EvaluateTool(), CompareTool(), ImportWeightsTool(), ExportWeightsTool(),
]

extension Toolbox {
    /// The tools that Reprise brings along.
    package static let standard = Toolbox(
        allTools.map { DiskFaultTool($0) },
        contentDigest: { path, format in
            do {
                return format == .png
                    ? try Image(decoding: try Files.bytes(of: path)).pixelDigest
                    : try TensorFileReader(path: path.string).contentDigest()
            } catch {
                throw ToolFailure(
                    "its output is no file of format '\(format.rawValue)' that can be read: \(error)",
                    hint: "an output of 'format: file' counts by its bytes, whatever they are")
            }
        })
}

/// A tool that calls a disk that fails what it is: the disk's fault, and neither the tool's nor its user's.
package struct DiskFaultTool: Tool {
    private let tool: any Tool

    package init(_ tool: any Tool) {
        self.tool = tool
    }

    package var interface: ToolInterface { tool.interface }

    package func run(_ context: ToolContext) throws {
        do {
            try tool.run(context)
        } catch let error as TensorFileError {
            throw error.diskFault ?? error
        }
    }
}

extension TensorFileError {
    /// The error as the disk's, where the system's reason is why nothing could be written.
    fileprivate var diskFault: (any Error)? {
        switch self {
        case .noSpace(let file): StoreError.cannot(action: "write", path: FilePath(file), reason: .noSpace)
        case .cannotCreate(let file, let reason), .cannotWrite(let file, _, let reason):
            Errno(words: reason).map { StoreError.cannot(action: "write", path: FilePath(file), reason: $0) }
        default: nil
        }
    }
}

extension Errno {
    /// The error of the system that is told in these words, such as `input/output error`.
    fileprivate init?(words: String) {
        let known: [Errno] = [
            .ioError, .diskQuotaExceeded, .readOnlyFileSystem, .permissionDenied, .notPermitted, .fileTooLarge,
            .tooManyOpenFiles, .tooManyOpenFilesInSystem, .staleNFSFileHandle,
        ]
        guard let error = known.first(where: { $0.description.lowercased() == words.lowercased() }) else { return nil }
        self = error
    }
}

extension TensorFileReader {
    /// The digest of names, types, shapes, attributes and values, whatever library and layout wrote them.
    package func contentDigest() throws -> Digest {
        var hasher = ContentHasher()
        try visitCanonicalContent { hasher.update($0) }
        return hasher.finalized()
    }
}
