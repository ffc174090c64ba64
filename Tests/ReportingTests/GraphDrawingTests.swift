// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reporting
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Two sources, a split and a training that reads two outputs of it, in all kinds and states.
let smallGraph = GraphDrawing(
    nodes: [
        .init(id: "s:t91", label: "t91", kind: .source, roles: ["train"]),
        .init(id: "s:set5", label: "set5", kind: .source, roles: ["test"]),
        .init(id: "split", label: "split", kind: .stage, state: .upToDate, roles: ["train", "validation"]),
        .init(id: "train", label: "fit", kind: .stage, state: .stale, roles: ["train"], detail: "train"),
        .init(id: "score", label: "score", kind: .command, state: .undetermined, roles: ["test"]),
    ],
    edges: [
        .init(from: "s:t91", to: "split"), .init(from: "split", to: "train", label: "train"),
        .init(from: "split", to: "train", label: "validation"), .init(from: "s:set5", to: "score"),
        .init(from: "train", to: "score", label: "model"),
    ])

@Suite struct GraphDrawingTests {
    @Test func `text lists a stage a line with its inputs`() {
        #expect(
            smallGraph.text == """
                stage        kind     state         roles              reads
                ────────────────────────────────────────────────────────────────────────────────────
                t91          source                 train
                └ split               up to date    train, validation  t91
                  └ fit      train    stale         train              split/train, split/validation
                    └ score  command  undetermined  test               set5, fit/model
                set5         source                 test

                """)
    }

    @Test func `text has an ASCII look and colours for states`() {
        let text = GraphDrawing(
            nodes: [
                .init(id: "a", label: "a", kind: .source), .init(id: "b", label: "b", kind: .stage, state: .upToDate),
                .init(id: "c", label: "c", kind: .stage, state: .stale),
                .init(id: "d", label: "d", kind: .stage, state: .undetermined),
            ],
            edges: [
                .init(from: "a", to: "b"), .init(from: "b", to: "c"), .init(from: "a", to: "d"),
            ]
        ).text(look: .ascii, colour: true)
        #expect(
            text == """
                stage    kind    state         reads
                \u{1B}[2m------------------------------------\u{1B}[0m
                a        source
                |- b             \u{1B}[32mup to date\u{1B}[0m    a
                |  `- c          \u{1B}[33mstale\u{1B}[0m         b
                `- d             \u{1B}[2mundetermined\u{1B}[0m  a

                """)
    }

    @Test func `DOT has a line for each node and edge`() {
        #expect(
            smallGraph.dot == #"""
                digraph pipeline {
                    graph [rankdir=TB, nodesep=0.35, ranksep=0.45, fontname="Helvetica"];
                    node [fontname="Helvetica", fontsize=12, shape=box, style="rounded,filled"];
                    edge [fontname="Helvetica", fontsize=10, color="#6b7a90", arrowsize=0.7];
                    n0 [label="t91\ntrain", shape=ellipse, style="filled", fillcolor="#f3f6fa", color="#6b7a90"];
                    n1 [label="set5\ntest", shape=ellipse, style="filled", fillcolor="#f3f6fa", color="#6b7a90"];
                    n2 [label="split\ntrain, validation", style="rounded,filled", fillcolor="#e6f4ea", color="#2e8555"];
                    n3 [label="fit\ntrain · train", style="rounded,filled", fillcolor="#fdf0d5", color="#b7791f"];
                    n4 [label="score\ntest", shape=component, style="filled,dashed", fillcolor="#f4f5f7", color="#8c95a3"];
                    n0 -> n2;
                    n2 -> n3 [label="train"];
                    n2 -> n3 [label="validation"];
                    n1 -> n4;
                    n3 -> n4 [label="model"];
                }

                """#)
    }

    @Test func `Mermaid has a line for each node and edge and a class for each state`() {
        #expect(
            smallGraph.mermaid == """
                flowchart TD
                    n0(["t91<br>train"])
                    n1(["set5<br>test"])
                    n2("split<br>train, validation")
                    n3("fit<br>train · train")
                    n4[["score<br>test"]]
                    n0 --> n2
                    n2 -->|"train"| n3
                    n2 -->|"validation"| n3
                    n1 --> n4
                    n3 -->|"model"| n4
                    classDef uptodate fill:#e6f4ea,stroke:#2e8555,color:#1f2933
                    class n2 uptodate
                    classDef stale fill:#fdf0d5,stroke:#b7791f,color:#1f2933
                    class n3 stale
                    classDef undetermined fill:#f4f5f7,stroke:#8c95a3,color:#1f2933,stroke-dasharray:4 3
                    class n4 undetermined

                """)
    }

    @Test func `an empty graph is drawn in every format`() throws {
        let empty = GraphDrawing(nodes: [], edges: [])
        #expect(empty.text == "stage  kind  state  roles  reads\n────────────────────────────────\n")
        #expect(empty.dot.hasSuffix("arrowsize=0.7];\n}\n"))
        #expect(empty.mermaid == "flowchart TD\n")
        #expect(try #require(XMLTexts(empty.svg)).elements["text"] == nil)
    }

    @Test func `the legend of a picture names the states in use only`() throws {
        let all = try #require(XMLTexts(smallGraph.svg)).elements["text"] ?? []
        #expect(all.suffix(3) == ["up to date", "stale", "undetermined"])
        let plain = GraphDrawing(nodes: [.init(id: "a", label: "a", kind: .stage)], edges: [])
        #expect(XMLTexts(plain.svg)?.elements["text"] == ["a"])
        let stale = GraphDrawing(nodes: [.init(id: "a", label: "a", kind: .stage, state: .stale)], edges: [])
        #expect(XMLTexts(stale.svg)?.elements["text"] == ["a", "stale"])
    }

    @Test func `a picture is this picture`() {
        let graph = GraphDrawing(
            nodes: [
                .init(id: "a", label: "t91", kind: .source),
                .init(id: "b", label: "split", kind: .stage, state: .stale),
            ], edges: [.init(from: "a", to: "b")])
        #expect(
            graph.svg == ##"""
                <svg xmlns="http://www.w3.org/2000/svg" width="120" height="212" viewBox="0 0 120 212" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif" font-size="14">
                <title>pipeline</title>
                <rect width="100%" height="100%" fill="#ffffff"/>
                <g transform="translate(24 24)">
                <g fill="none" stroke="#7b8798" stroke-width="1.5">
                <path d="M36,36 L36,76"/>
                </g>
                <g fill="#7b8798">
                <path d="M36,81 l-4,-8 h8 z"/>
                </g>
                <g><title>t91</title><rect x="0" y="0" width="72" height="36" rx="18" fill="#f3f6fa" stroke="#6b7a90" stroke-width="1.25"/><text x="36" y="23" text-anchor="middle" fill="#1f2933">t91</text></g>
                <g><title>split · stale</title><rect x="0" y="82" width="72" height="36" rx="7" fill="#fdf0d5" stroke="#b7791f" stroke-width="2"/><text x="36" y="105" text-anchor="middle" fill="#1f2933">split</text></g>
                <rect x="0" y="148" width="18" height="14" rx="4" fill="#fdf0d5" stroke="#b7791f" stroke-width="2"/><text x="24" y="159" fill="#5b6776" font-size="11">stale</text>
                </g>
                </svg>

                """##)
    }
}

@Suite struct HostileNameTests {
    static let names = [
        #"a"b"#, "<script>x</script>", "a|b", "line\nend", "tab\tcr\r\n", #"back\slash\"#, "#35;&amp;", "`code`; end",
        "\u{1B}[31m\u{0}", "]]>", "n0 --> n1", "'*_~$[x](y)", "超解像\u{FFFE}", "",
    ]

    private func graph(_ name: String) -> GraphDrawing {
        GraphDrawing(
            nodes: [
                .init(id: name, label: name, kind: .source, roles: [name]),
                .init(id: name + "2", label: name, kind: .command, state: .stale, detail: name + "3"),
            ], edges: [.init(from: name, to: name + "2", label: name)])
    }

    @Test(arguments: names)
    func `text keeps a line for each node`(name: String) {
        let text = graph(name).text(look: .ascii)
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
        #expect(!text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0.value == 0x7F })
    }

    /// DOT's own rule: a quoted string ends at the first quote that no backslash precedes.
    @Test(arguments: names)
    func `DOT keeps names inside of their quotes`(name: String) {
        let lines = graph(name).dot.split(separator: "\n")
        #expect(lines.count == 8)
        for line in lines {
            var isQuoted = false
            var isEscaped = false
            var outside = ""
            for character in line {
                if isEscaped {
                    isEscaped = false
                } else if isQuoted, character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted.toggle()
                } else if !isQuoted {
                    outside.append(character)
                }
            }
            #expect(!isQuoted && !isEscaped)
            #expect(!outside.contains("script") && !outside.contains("-->"))
        }
    }

    @Test(arguments: names)
    func `Mermaid keeps names inside of their quotes`(name: String) {
        let lines = graph(name).mermaid.split(separator: "\n")
        #expect(lines.count == 6)
        for line in lines.dropFirst().prefix(3) {
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            #expect(parts.count == 3 || (name.isEmpty && parts.count == 1))
            guard parts.count == 3 else { continue }
            let inside = parts[1].replacingOccurrences(of: "<br>", with: "")
            #expect(!inside.contains { "<>|`\\&[]{}".contains($0) })
        }
    }

    @Test(arguments: names)
    func `SVG stays well formed and has no element of a name`(name: String) throws {
        let texts = try #require(XMLTexts(graph(name).svg))
        #expect(Set(texts.elements.keys).isSubset(of: ["title", "text"]))
        #expect(Set(texts.names) == ["svg", "title", "rect", "g", "path", "text"])
        guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0xFFFE }) else { return }
        #expect((texts.elements["text"] ?? []).filter { $0 == name }.count >= (name.isEmpty ? 0 : 4))
    }
}

/// The texts in an XML document by the name of their element; nil for what is not well formed.
final class XMLTexts: NSObject, XMLParserDelegate {
    private(set) var elements: [String: [String]] = [:]
    private(set) var attributes: [String: [[String: String]]] = [:]
    private(set) var names: [String] = []
    private var text = ""

    init?(_ document: String) {
        super.init()
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = self
        guard parser.parse() else { return nil }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes values: [String: String]
    ) {
        names.append(name)
        attributes[name, default: []].append(values)
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if ["text", "title", "failure", "skipped"].contains(name) { elements[name, default: []].append(text) }
        text = ""
    }
}
