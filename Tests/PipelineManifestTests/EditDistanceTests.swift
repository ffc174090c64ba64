// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

@Suite struct EditDistanceTests {
    /// The definition, by recursion over what could have been done to the last letters.
    private func naive(_ left: ArraySlice<Character>, _ right: ArraySlice<Character>) -> Int {
        guard let a = left.last, let b = right.last else { return left.count + right.count }
        let (l, r) = (left.dropLast(), right.dropLast())
        var best = min(naive(l, r) + (a == b ? 0 : 1), naive(l, right) + 1, naive(left, r) + 1)
        if let c = l.last, let d = r.last, a == d, b == c, a != b {
            best = min(best, naive(l.dropLast(), r.dropLast()) + 1)
        }
        return best
    }

    @Test func `the distance is that of its definition for all short words`() {
        var words = [""]
        for length in 1...4 {
            words += words.filter { $0.count == length - 1 }.flatMap { word in ["a", "b", "c"].map { word + $0 } }
        }
        #expect(words.count == 121)
        for left in words {
            for right in words {
                #expect(editDistance(left, right) == naive(Array(left)[...], Array(right)[...]))
            }
        }
    }

    @Test(arguments: [
        ("trian", "train"), ("patchs", "patches"), ("epoch", "epochs"), ("Tool", "tool"),
        ("learning_rate", "learning-rate"),
        ("synthesise", "synthesize"), ("ab", "ac"),
    ])
    func `a slip finds the word that was meant`(word: String, meant: String) {
        #expect(
            nearest(to: word, among: ["train", "patches", "epochs", "tool", "learning-rate", "synthesize", "ac"])
                == meant)
    }

    @Test(arguments: ["download", "a", "", "xyz", "tr"])
    func `what resembles nothing finds nothing`(word: String) {
        #expect(nearest(to: word, among: ["train", "patches", "b", "tools"]) == nil)
    }

    @Test func `the first of equally near words is meant`() {
        #expect(nearest(to: "cat", among: ["bat", "rat"]) == "bat")
        #expect(nearest(to: "cat", among: ["bats", "rat"]) == "rat")
    }
}
