// SPDX-License-Identifier: Apache-2.0

import Reporting
import Testing

@Suite struct AmountTextTests {
    @Test(arguments: [
        (0, "0.0 s"), (0.8, "0.8 s"), (9.94, "9.9 s"), (9.95, "10 s"), (12, "12 s"), (59.4, "59 s"),
        (59.5, "1 min 00 s"), (185, "3 min 05 s"), (3599.4, "59 min 59 s"), (3599.5, "1 h 00 min"),
        (3720, "1 h 02 min"), (3749, "1 h 02 min"), (3750, "1 h 03 min"), (172_769, "47 h 59 min"),
        (172_770, "2 d 00 h"), (183_600, "2 d 03 h"), (-4, "0.0 s"), (Double.nan, "0.0 s"),
        (Double.infinity, "11574 d 02 h"),
    ])
    func `a duration is written for people`(seconds: Double, expected: String) {
        #expect(DurationText(seconds: seconds).description == expected)
    }

    @Test func `an estimated duration has no tenths`() {
        #expect(DurationText(seconds: 0.8).whole == "1 s")
        #expect(DurationText(seconds: 9.2).whole == "9 s")
        #expect(DurationText(seconds: 185).whole == "3 min 05 s")
    }

    @Test(arguments: [
        (0, "0 bytes"), (1, "1 byte"), (512, "512 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1049, "1.0 kB"),
        (1050, "1.1 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
        (3_400_000, "3.4 MB"), (120_000_000_000, "120 GB"), (5_000_000_000_000_000, "5.0 PB"),
        (Int.max, "9 EB"),
    ])
    func `an amount of bytes is written in decimal units`(bytes: Int, expected: String) {
        #expect(ByteCountText(bytes).description == expected)
    }
}
