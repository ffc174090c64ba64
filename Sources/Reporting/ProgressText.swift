// SPDX-License-Identifier: Apache-2.0

import Evaluation

/// How far a stage has come, on one line: `[3/7] train  epochs 12/40  31.20 dB  2.1/s  18 s left`.
package struct ProgressText: Hashable, Sendable {
    /// Which stage of the run it is, from 1 to `count`.
    package var position: Int
    package var count: Int
    package var stage: String
    /// What is counted, in the plural: `epochs`; empty where nothing is.
    package var counted: String
    package var done: Int
    /// 0 where it is not known.
    package var total: Int
    /// For example `31.20 dB`.
    package var remark: String
    /// Since `done` was 0.
    package var elapsedSeconds: Double
    package var secondsLeft: Double?
    /// What it took before; said where nothing better is known.
    package var expectedSeconds: Double?
    /// Columns that the name of the stage takes at least, so that lines of several stages stand below each other.
    package var stageWidth: Int

    package init(
        position: Int, count: Int, stage: String, counted: String, done: Int, total: Int, remark: String = "",
        elapsedSeconds: Double, secondsLeft: Double? = nil, expectedSeconds: Double? = nil, stageWidth: Int = 0
    ) {
        self.position = position
        self.count = count
        self.stage = stage
        self.counted = counted
        self.done = done
        self.total = total
        self.remark = remark
        self.elapsedSeconds = elapsedSeconds
        self.secondsLeft = secondsLeft
        self.expectedSeconds = expectedSeconds
        self.stageWidth = stageWidth
    }

    /// The line without a line ending, in at most `width` columns; nil fits everything.
    ///
    /// What matters least is left out first (the rate, the remark, the count), then the end is cut.
    package func line(width: Int? = nil) -> String {
        let candidates = [
            [amount, remark.onOneLine, rate, time], [amount, remark.onOneLine, time], [amount, time], [time],
        ].map { ([head] + $0.filter { !$0.isEmpty }).joined(separator: "  ").trimmed }
        guard let width else { return candidates[0] }
        return candidates.first { $0.displayWidth <= width } ?? head.trimmed.fitted(to: width)
    }

    private var head: String {
        let total = String(count)
        return "[\(String(position).paddedLeft(to: total.count))/\(total)] \(stage.onOneLine.padded(to: stageWidth))"
    }

    private var amount: String {
        if counted.isEmpty { return "" }
        return total > 0 ? "\(counted.onOneLine) \(done)/\(total)" : "\(counted.onOneLine) \(done)"
    }

    /// `2.1/s`, or `4.2 s each` where one takes longer than a second.
    private var rate: String {
        guard done > 0, elapsedSeconds > 0 else { return "" }
        let perSecond = Double(done) / elapsedSeconds
        guard perSecond >= 1 else { return "\(DurationText(seconds: 1 / perSecond)) each" }
        return "\(perSecond.formatted(decimals: perSecond < 99.95 ? 1 : 0))/s"
    }

    private var time: String {
        if let secondsLeft { return DurationText(seconds: secondsLeft).whole + " left" }
        guard elapsedSeconds >= 1 else { return "" }
        let elapsed = DurationText(seconds: elapsedSeconds).whole
        guard let expectedSeconds, expectedSeconds >= 1 else { return elapsed }
        return "\(elapsed) of about \(DurationText(seconds: expectedSeconds).whole)"
    }
}
