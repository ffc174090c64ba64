// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Reporting
import Testing

@Suite struct ScoreTableTests {
    @Test func `images and their mean have a row, metrics and models a column`() {
        let scores = [
            mean("bicubic", 33.912, image: "img_001"), mean("bicubic", 32.577, image: "img_002"),
            mean("bicubic", 33.2445), mean("fsrcnn", 35.1, image: "img_001", isShortened: true),
            mean("fsrcnn", 34.2, isShortened: true), mean("bicubic", 0.91234, metric: .ssim, image: "img_001"),
        ]
        #expect(
            ScoreTable(scores: scores).text() == """
                Set5 ×3  y-double

                image    PSNR dB bicubic  PSNR dB fsrcnn  SSIM bicubic
                ──────────────────────────────────────────────────────
                img_001            33.91           35.10        0.9123
                img_002            32.58            —           —
                ──────────────────────────────────────────────────────
                mean               33.24           34.20        —

                shortened training: fsrcnn

                """)
    }

    @Test func `data sets and protocols have tables of their own`() {
        let scores = [
            mean("bicubic", 30.39), mean("bicubic", 27.54, on: "Set14"),
            mean("bicubic", 30.4, under: "rgb8", image: "a\nb"),
        ]
        #expect(
            ScoreTable(scores: scores).text(look: .ascii) == """
                Set5 x3  y-double

                image  PSNR dB bicubic
                ----------------------
                mean             30.39

                Set14 x3  y-double

                image  PSNR dB bicubic
                ----------------------
                mean             27.54

                Set5 x3  rgb8

                image  PSNR dB bicubic
                ----------------------
                a b              30.40

                """)
    }

    @Test func `no scores are said to be none`() {
        #expect(ScoreTable(scores: []).text() == "no scores\n")
    }
}
