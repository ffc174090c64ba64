// SPDX-License-Identifier: Apache-2.0

extension Image {
    /// The images side by side from left to right, tops aligned, `gap` pixels of `background` between them and below
    /// the shorter ones; grey if all are grey.
    ///
    /// Each is first magnified `zoom` times, every pixel a square.
    package init(strip images: [Image], gap: Int = 8, zoom: Int = 1, background: UInt8 = 255) {
        precondition(!images.isEmpty && gap >= 0, "a strip has at least one image and no negative gap")
        let isGrey = images.allSatisfy { $0.mode == .grey8 }
        let parts = images.map { (isGrey ? $0 : $0.rgb).magnified(zoom) }
        self.init(
            height: parts.map(\.height).reduce(1, max),
            width: parts.map(\.width).reduce(0, +) + gap * (parts.count - 1),
            mode: isGrey ? .grey8 : .rgb8, repeating: background)
        var left = 0
        for part in parts {
            for row in 0..<part.height {
                let start = row * rowLength + left * channelCount
                pixels.replaceSubrange(
                    start..<start + part.rowLength,
                    with: part.pixels[row * part.rowLength..<(row + 1) * part.rowLength])
            }
            left += part.width + gap
        }
    }
}
