// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// Texts nobody would write: each is read or told to be wrong, in bounded time.
@Suite struct RobustnessTests {
    /// A manifest of a few lines that reaches most of the reader.
    private static let small = #"""
        reprise: 1
        paper: {title: 'T', year: 2016}
        settings: {n: 3, l: [1, "b"]}
        sources:
          t91: {path: "a${n}", files: "*.png", role: train}
        stages:
          t:   # a comment
            tool: train
            inputs: {patches: p/x, validation: v}
            settings: {epochs: ${n}, remark: "x ${n} é"}
          c:
            run: python3 "a b" ${inputs.p} > ${outputs.m}
            inputs: {p: [t91, t]}
            outputs: {m: {path: m.h5, format: model}}
            environment: {A: 1}
          s:
            shell: |
              echo *a && cat <<E
            outputs: {o: o.txt}
        claims:
          - {name: a, model: M, metric: psnr, dataset: D, scale: 3, protocol: p, value: 33.06}

        """#

    /// Reads the text and returns how many mistakes it has; every place must lie in the text.
    private func mistakeCount(of text: String) -> Int {
        do {
            _ = try Manifest.parse(SourceText(file: "p.yml", text: text), interfaces: Tools.all)
            return 0
        } catch {
            let lineCount = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            for diagnostic in error.all {
                #expect((1...lineCount).contains(diagnostic.location.line))
                #expect(diagnostic.location.column <= diagnostic.excerpt.count + 1)
                #expect(!diagnostic.message.isEmpty)
            }
            #expect(DiagnosticText().text(of: error).hasSuffix("\n"))
            return error.all.count
        }
    }

    @Test func `every beginning of a manifest is read or told to be wrong`() {
        #expect(mistakeCount(of: Self.small) == 0)
        let scalars = Array(Self.small.unicodeScalars)
        var wrong = 0
        for count in scalars.indices {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars[..<count])
            wrong += mistakeCount(of: String(text)) > 0 ? 1 : 0
        }
        #expect(wrong > 400)
    }

    @Test func `changed bytes never do harm`() {
        let alphabet =
            Array("\n\t\r :-,[]{}#&*!|>'\"%@`?$\\~<=0aé\u{0}\u{7F}\u{FEFF}\u{85}\u{2028}".utf8) + [0xC3, 0xF4, 0xFF]
        let original = Array(Self.small.utf8)
        var random = SplitMix64(state: 20_160_801)
        var wrong = 0
        for _ in 0..<4000 {
            var bytes = original
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: place)
                case 2: bytes[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
                default:
                    let end = min(bytes.count, place + Int(random.next() % 40))
                    let part = Array(bytes[place..<end])
                    bytes.insert(contentsOf: part, at: Int(random.next() % UInt64(bytes.count)))
                }
            }
            wrong += mistakeCount(of: String(decoding: bytes, as: UTF8.self)) > 0 ? 1 : 0
        }
        #expect((1500..<4000).contains(wrong))
    }

    @Test(arguments: ["[", "- ", "a: {", "? ", "{", "&a [", "[[", "\"", "!", "*a ", "${", "a:\n "])
    func `the same again and again is told to be wrong`(part: String) {
        #expect(mistakeCount(of: String(repeating: part, count: 20_000)) > 0)
    }

    /// 41 anchors, two aliases in a key, and that key, which is no word.
    @Test func `aliases of aliases are not followed`() {
        var bomb = "reprise: 1\nsettings:\n  a0: &a0 [x, x]\n"
        for level in 1...40 { bomb += "  a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        bomb += "  ? [*a40, *a40]\n  : x\nstages: {s: {tool: synthesize}}\n"
        #expect(mistakeCount(of: bomb) == 44)
    }

    @Test func `a manifest beyond the limit is not read`() {
        let line = "# \(String(repeating: "x", count: 97))\n"
        let text = "reprise: 1\nstages: {s: {tool: synthesize}}\n"
        #expect(mistakeCount(of: text + String(repeating: line, count: 10_400)) == 0)
        #expect(
            told(text + String(repeating: line, count: 10_500)).hasPrefix(
                "error: p.yml:1:1: the manifest is longer than 1048576 bytes\n"))
    }

    @Test func `very many mistakes are counted`() throws {
        let text = "reprise: 1\nstages: {s: {tool: synthesize}}\n" + (0..<5000).map { "k\($0): 1\n" }.joined()
        let found = told(text)
        #expect(found.hasSuffix("\n301 mistakes in p.yml\n"))
        #expect(found.contains("p.yml:303:1: 4700 more mistakes are not shown\n"))
    }

    @Test func `very many equal keys end in a mistake`() {
        let repeated = String(repeating: "name: x\n", count: 300)
        #expect(mistakeCount(of: "reprise: 1\n\(repeated)stages: {s: {tool: synthesize}}\n") == 1)
    }

    @Test func `the parser's private characters are the author's to use`() throws {
        let text = "reprise: 1\ntitle: \"\u{10FFFD}\u{E000}\u{F8FF} *a ${b}\"\nstages: {s: {tool: synthesize}}\n"
        #expect(try manifest(text).title == "\u{10FFFD}\u{E000}\u{F8FF} *a ${b}")
    }
}

/// Random bits for tests (Steele, Lea and Flood 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
