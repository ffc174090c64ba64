// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest

extension Artifact {
    /// Whether its content cannot be what it says: that of every format but those with a content of their own is its
    /// bytes, also of a format that is not known here.
    package var contradictsItself: Bool {
        content != object && ArtifactFormat(rawValue: format)?.hasCanonicalContent != true
    }

    /// Its format, where its content is something else than its bytes and has to be computed to be known.
    package var canonicalFormat: ArtifactFormat? {
        ArtifactFormat(rawValue: format).flatMap { $0.hasCanonicalContent ? $0 : nil }
    }
}

extension ActionResult {
    package var contradictsItself: Bool { outputs.contains(where: \.contradictsItself) }

    /// Whether it has the outputs that a stage declares, and no other, each of the format declared.
    package func fits(_ declared: [StageOutput]) -> Bool {
        guard outputs.count == declared.count, !contradictsItself else { return false }
        return declared.allSatisfy { output(named: $0.name)?.format == $0.format.rawValue }
    }
}
