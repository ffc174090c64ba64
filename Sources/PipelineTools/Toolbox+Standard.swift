// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import Imaging
package import PipelineExecution
import PipelineManifest
import SystemPackage
package import TensorStore

extension Toolbox {
    /// The tools that Reprise brings along.
    package static let standard = Toolbox(
        [
            ImagesTool(), SynthesizeTool(), SplitTool(), AugmentTool(), PatchesTool(), TrainTool(), EvaluateTool(),
            CompareTool(),
        ],
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

extension TensorFileReader {
    /// The digest of names, types, shapes, attributes and values, whatever library and layout wrote them.
    package func contentDigest() throws -> Digest {
        var hasher = ContentHasher()
        try visitCanonicalContent { hasher.update($0) }
        return hasher.finalized()
    }
}
