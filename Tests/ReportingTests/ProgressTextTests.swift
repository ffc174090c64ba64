// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct ProgressTextTests {
    private let training = ProgressText(
        position: 3, count: 7, stage: "train", counted: "epochs", done: 12, total: 40, remark: "31.20 dB",
        elapsedSeconds: 5.7, secondsLeft: 18)

    @Test func `a line says what is done and how long it will take`() {
        #expect(training.line() == "[3/7] train  epochs 12/40  31.20 dB  2.1/s  18 s left")
    }

    @Test func `a narrow terminal gets the same with less in it, and never more than fits`() {
        let full = "[3/7] train  epochs 12/40  31.20 dB  2.1/s  18 s left"
        #expect(training.line(width: 53) == full)
        #expect(training.line(width: 52) == "[3/7] train  epochs 12/40  31.20 dB  18 s left")
        #expect(training.line(width: 45) == "[3/7] train  epochs 12/40  18 s left")
        #expect(training.line(width: 30) == "[3/7] train  18 s left")
        #expect(training.line(width: 12) == "[3/7] train")
        #expect(training.line(width: 10) == "[3/7] tra…")
        #expect(training.line(width: 7) == "[3/7]…")
        #expect(training.line(width: 0) == "")
        for width in 0...60 { #expect(training.line(width: width).count <= width) }
    }

    @Test func `what takes longer than a second is timed apiece`() {
        var slow = training
        slow.elapsedSeconds = 50.4
        slow.secondsLeft = 117.6
        #expect(slow.line() == "[3/7] train  epochs 12/40  31.20 dB  4.2 s each  1 min 58 s left")
    }

    @Test func `unknown parts are left out and positions and names stand below each other`() {
        let line = ProgressText(
            position: 3, count: 12, stage: "images", counted: "images", done: 0, total: 0, elapsedSeconds: 0,
            stageWidth: 10
        ).line()
        #expect(line == "[ 3/12] images      images 0")
        let later = ProgressText(
            position: 12, count: 12, stage: "images", counted: "images", done: 900, total: 0, elapsedSeconds: 3)
        #expect(later.line() == "[12/12] images  images 900  300/s  3 s")
    }

    @Test func `where nothing is counted the time stands alone, with what it took before`() {
        var waiting = ProgressText(
            position: 1, count: 2, stage: "train", counted: "", done: 0, total: 0, elapsedSeconds: 12.4)
        #expect(waiting.line() == "[1/2] train  12 s")
        waiting.expectedSeconds = 725
        #expect(waiting.line() == "[1/2] train  12 s of about 12 min 05 s")
        #expect(waiting.line(width: 20) == "[1/2] train")
        waiting.expectedSeconds = 0.4
        #expect(waiting.line() == "[1/2] train  12 s")
        waiting.elapsedSeconds = 0.4
        #expect(waiting.line() == "[1/2] train")
    }

    @Test func `a remark stays on its line`() {
        var remarked = training
        remarked.remark = "a\nb\u{1B}[2J"
        #expect(remarked.line() == "[3/7] train  epochs 12/40  a b?[2J  2.1/s  18 s left")
    }
}
