// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import Imaging
package import PipelineManifest

extension Catalogue.Image {
    /// An image as a catalogue describes it.
    package init(_ image: Image, name: String) {
        self.init(
            name: name, width: image.width, height: image.height, mode: Catalogue.Mode(image.mode),
            pixels: image.pixelDigest.description)
    }

    /// For example `512x480 rgb8`.
    var form: String { "\(width)x\(height) \(mode.rawValue)" }
}

extension Catalogue.Mode {
    fileprivate init(_ mode: Image.Mode) {
        switch mode {
        case .grey8: self = .grey8
        case .rgb8: self = .rgb8
        }
    }
}
