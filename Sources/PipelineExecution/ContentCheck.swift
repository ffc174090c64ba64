// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
import PipelinePlanning
package import SystemPackage

/// Whether outputs have the content that their result says, computed anew from the bytes of their objects.
///
/// A result says two digests of an output: of its bytes, which name the object and are verified whenever it is read,
/// and of its content. For most formats the two are one. For tensors and pictures the second is believed of results
/// that this user published, and has to be computed for all others.
package struct ContentCheck: Sendable {
    package enum Finding: Hashable, Sendable {
        case right
        /// The object is not in the store, or was damaged and has been set aside.
        case absent
        /// The object holds other content, or none that can be read.
        case otherContent
    }

    private let objects: FileObjectStore
    private let content: @Sendable (FilePath, ArtifactFormat) throws -> Digest

    package init(
        objects: FileObjectStore, content: @escaping @Sendable (FilePath, ArtifactFormat) throws -> Digest
    ) {
        self.objects = objects
        self.content = content
    }

    /// Reads an output's object and compares bytes, length and content with what the result says.
    package func finding(on output: Artifact) throws(StoreError) -> Finding {
        if output.contradictsItself { return .otherContent }
        let file: FilePath
        let before = try Files.linkStatus(objects.path(of: output.object))
        do throws(StoreError) {
            guard try objects.holds(output.object, byteCount: output.byteCount) else { return .absent }
            file = try objects.verifiedFile(of: output.object)
        } catch .absent, .damaged {
            return .absent
        }
        guard let format = output.canonicalFormat else { return .right }
        guard let content = try? content(file, format), content == output.content else { return .otherContent }
        // The bytes that were verified are those that were read.
        return try Files.linkStatus(file) == before ? .right : .otherContent
    }

    /// The first output that has not the content that it says, in the order of their names.
    package func firstFault(in result: ActionResult) throws(StoreError) -> (output: Artifact, finding: Finding)? {
        for output in result.outputs {
            let finding = try finding(on: output)
            if finding != .right { return (output, finding) }
        }
        return nil
    }
}
