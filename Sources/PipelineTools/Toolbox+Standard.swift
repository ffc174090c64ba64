// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineExecution
import SystemPackage
package import TensorStore

extension Toolbox {
    /// The tools that Reprise brings along.
    package static let standard = Toolbox(
        [
            ImagesTool(), SynthesizeTool(), SplitTool(), AugmentTool(), PatchesTool(), TrainTool(), EvaluateTool(),
            CompareTool(),
        ],
        contentDigest: { path, _ in
            do {
                return try TensorFileReader(path: path.string).contentDigest()
            } catch {
                throw ToolFailure(
                    "its output is not an HDF5 file that can be read: \(error)",
                    hint: "an output with another format than 'tensors' counts by its bytes: 'format: file'")
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
