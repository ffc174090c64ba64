// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Reporting
import Testing

@Suite struct ProtocolTableTests {
    @Test func `protocols have a row each, metrics and models a column`() throws {
        let scores = [
            mean("bicubic", 30.3864, under: "rgb8"), mean("net", 32.5, under: "rgb8"),
            mean("bicubic", 0.867794, metric: .ssim, under: "rgb8"), mean("bicubic", 30.39221),
            mean("bicubic", 33.9, image: "img_001"), mean("bicubic", 0.86821, metric: .ssim),
            mean("bicubic", 65.125, metric: .mse), mean("bicubic", 27.54, on: "Set14"),
        ]
        #expect(
            try #require(ProtocolTable(scores: scores)).text(look: .ascii) == """
                data set  scale  protocol  PSNR dB bicubic  PSNR dB net  SSIM bicubic  MSE bicubic
                ----------------------------------------------------------------------------------
                Set5      x3     rgb8              30.3864      32.5000       0.86779       -
                                 y-double          30.3922       -            0.86821      65.1250

                Set14     x3     y-double          27.5400       -            -             -

                """)
    }

    @Test func `there is none where nothing was scored under two protocols`() {
        #expect(ProtocolTable(scores: []) == nil)
        #expect(ProtocolTable(scores: [mean("bicubic", 30), mean("bicubic", 27, on: "Set14", under: "rgb8")]) == nil)
        #expect(ProtocolTable(scores: [mean("bicubic", 30), mean("net", 32, under: "rgb8")]) == nil)
        #expect(
            ProtocolTable(scores: [
                mean("bicubic", 30, image: "a"), mean("bicubic", 31, under: "rgb8", image: "a"),
            ]) == nil)
        #expect(ProtocolTable(scores: [mean("bicubic", 30), mean("bicubic", 31, under: "rgb8")]) != nil)
    }
}
