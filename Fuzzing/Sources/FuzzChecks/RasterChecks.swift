// SPDX-License-Identifier: Apache-2.0

package import Imaging

/// What holds of every raster, wherever it came from: each rule gives an image of its extents or a refusal, and the PNG
/// file that is written of it holds the same samples.
package func check(_ raster: Raster) {
    for alpha in AlphaRule.allCases {
        for depth in DepthRule.allCases {
            guard let image = try? Image(raster, alpha: alpha, depth: depth) else { continue }
            precondition(image.height == raster.height && image.width == raster.width, "an image has other extents")
        }
    }
    guard raster.samples.count < 1 << 16 else { return }
    let copy = (try? raster.png()).flatMap { try? Raster(png: $0) }
    precondition(copy?.samples == raster.samples, "a raster does not come back from its file")
}
