// SPDX-License-Identifier: Apache-2.0

import Evaluation

/// A length of time for people: `0.8 s`, `12 s`, `3 min 05 s`, `1 h 02 min`, `2 d 03 h`.
package struct DurationText: Hashable, Sendable, CustomStringConvertible {
    /// At least 0.
    package let seconds: Double

    /// A time below zero or one that is no number counts as 0; one of more than 31 years as that.
    package init(seconds: Double) {
        self.seconds = seconds > 0 ? min(seconds, 1e9) : 0
    }

    /// With tenths of a second below 10 s.
    package var description: String {
        (seconds * 10).rounded() < 100 ? seconds.formatted(decimals: 1) + " s" : whole
    }

    /// Without tenths, as a time that is only estimated.
    package var whole: String {
        let seconds = Int(self.seconds.rounded())
        guard seconds >= 60 else { return "\(seconds) s" }
        guard seconds >= 3600 else { return "\(seconds / 60) min \(twoDigits(seconds % 60)) s" }
        let minutes = (seconds + 30) / 60
        guard minutes >= 48 * 60 else { return "\(minutes / 60) h \(twoDigits(minutes % 60)) min" }
        let hours = (minutes + 30) / 60
        return "\(hours / 24) d \(twoDigits(hours % 24)) h"
    }
}

private func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : String(number)
}
