// SPDX-License-Identifier: Apache-2.0

/// The least number of letters inserted, removed, replaced or swapped with their neighbour that makes one word of
/// the other (optimal string alignment).
package func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars)
    let right = Array(right.unicodeScalars)
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    var current = last
    for i in left.indices {
        current[0] = i + 1
        for j in right.indices {
            let replaced = last[j] + (left[i] == right[j] ? 0 : 1)
            var best = min(replaced, last[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                best = min(best, beforeLast[j - 1] + 1)
            }
            current[j + 1] = best
        }
        (beforeLast, last, current) = (last, current, beforeLast)
    }
    return last[right.count]
}

/// The word that was probably meant: the nearest of `known`, the first of equally near ones.
///
/// Nil where more than a third of the longer word's letters differ, and more than one of two. Letter case does not
/// count.
package func nearest(to word: String, among known: some Sequence<String>) -> String? {
    let word = word.lowercased()
    guard word.unicodeScalars.count <= 100 else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in known {
        let length = max(word.unicodeScalars.count, candidate.unicodeScalars.count)
        let limit = length < 2 ? 0 : max(1, length / 3)
        guard abs(word.unicodeScalars.count - candidate.unicodeScalars.count) <= limit else { continue }
        let distance = editDistance(word, candidate.lowercased())
        if distance <= limit, best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.word
}

/// `did you mean 'x'?`, or nil where nothing known is near.
package func suggestion(for word: String, among known: some Sequence<String>) -> String? {
    nearest(to: word, among: known).map { "did you mean \(quoted($0))?" }
}
