// SPDX-License-Identifier: Apache-2.0

/// One way of doing a thing: its name, and a closure that does it once and returns the seconds it took.
struct Contestant {
    let name: String
    let seconds: () throws -> Double
}

/// What came out for one contestant: the seconds of each round, or why there are none.
struct Standing {
    let name: String
    let seconds: [Double]
    let failure: String?

    /// The median of the rounds, or nil where there are none.
    var median: Double? { seconds.median }

    /// The median over the rounds of this one's seconds divided by the other's, or nil where either has none.
    ///
    /// Rounds that only one of them did are left out.
    func times(_ other: Standing) -> Double? {
        zip(seconds, other.seconds).map { $0 / $1 }.median
    }
}

extension [Contestant] {
    /// All contestants in turns, `rounds` times.
    ///
    /// Each round starts with another one, so that a load on the machine that comes and goes meets them all. One that
    /// fails is left out from then on, and one that has taken `patience` seconds sits out the rest.
    func standings(rounds: Int, patience: Double = 12) -> [Standing] {
        var seconds = [[Double]](repeating: [], count: count)
        var failures = [String?](repeating: nil, count: count)
        for round in 0..<rounds {
            for turn in indices {
                let place = (turn + round) % count
                guard failures[place] == nil, seconds[place].reduce(0, +) < patience else { continue }
                do {
                    seconds[place].append(try self[place].seconds())
                } catch {
                    failures[place] = "\(error)"
                }
            }
        }
        return indices.map {
            Standing(name: self[$0].name, seconds: failures[$0] == nil ? seconds[$0] : [], failure: failures[$0])
        }
    }
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; nil of none.
    var median: Double? {
        guard !isEmpty else { return nil }
        let ordered = sorted()
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }
}
