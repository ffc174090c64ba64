// SPDX-License-Identifier: Apache-2.0

extension GraphDrawing {
    /// The graph as a picture from top to bottom, a document of its own without scripts or fonts.
    ///
    /// Sources are pills, stages rounded boxes, commands boxes with cut corners; a legend names the states in use.
    package var svg: String {
        SVGPicture(self).document
    }
}

/// A graph laid out, with the elements that draw it.
private struct SVGPicture {
    private static let margin = 24.0
    private static let labelSize = 14.0
    private static let smallSize = 11.0
    private static let ink = "#1f2933"
    private static let faintInk = "#5b6776"
    private static let line = "#7b8798"

    private let drawing: GraphDrawing
    private let labels: [String]
    private let subtitles: [String]
    private let layout: LayeredLayout
    private let legend: [(state: GraphDrawing.State, x: Double)]
    private let width: Double
    private let height: Double

    init(_ drawing: GraphDrawing) {
        self.drawing = drawing
        labels = drawing.nodes.map { shortened($0.label) }
        subtitles = drawing.nodes.map { shortened($0.subtitle) }
        let extents = zip(labels, subtitles).map { label, subtitle in
            let text = max(textWidth(label, size: Self.labelSize), textWidth(subtitle, size: Self.smallSize))
            return LayeredLayout.Extent(width: max(72, even(text + 36)), height: subtitle.isEmpty ? 36 : 48)
        }
        let hasLabels = drawing.edges.contains { !$0.label.isEmpty }
        layout = LayeredLayout(extents, edges: drawing.ends, layerGap: hasLabels ? 58 : 46)
        var right = 0.0
        legend = drawing.statesInUse.map { state in
            defer { right += 24 + textWidth(state.words, size: Self.smallSize) + 20 }
            return (state, right)
        }
        width = max(layout.width, right - 20) + 2 * Self.margin
        height = layout.height + (legend.isEmpty ? 0 : 46) + 2 * Self.margin
    }

    var document: String {
        let font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
        let size = "\(number(width)) \(number(height))"
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(number(width))" height="\#(number(height))""#
                + #" viewBox="0 0 \#(size)" role="img" font-family="\#(font)" font-size="\#(number(Self.labelSize))">"#,
            "<title>pipeline</title>",
            ##"<rect width="100%" height="100%" fill="#ffffff"/>"##,
            #"<g transform="translate(\#(number(Self.margin)) \#(number(Self.margin)))">"#,
        ]
        lines += [#"<g fill="none" stroke="\#(Self.line)" stroke-width="1.5">"#]
        lines += layout.routes.map { #"<path d="\#(path(of: $0))"/>"# } + ["</g>"]
        lines += [#"<g fill="\#(Self.line)">"#]
        lines += layout.routes.map { #"<path d="\#(arrowHead(of: $0))"/>"# } + ["</g>"]
        lines += drawing.nodes.indices.map(node)
        lines += edgeLabels
        lines += legendElements
        return (lines + ["</g>", "</svg>"]).map { $0 + "\n" }.joined()
    }

    // MARK: Edges

    private func path(of route: LayeredLayout.Route) -> String {
        var (x, y) = route.start
        var path = "M\(number(x)),\(number(y))"
        for passage in route.passages {
            path += curve(from: (x, y), to: (passage.x, passage.top)) + " V\(number(passage.bottom))"
            (x, y) = (passage.x, passage.bottom)
        }
        return path + curve(from: (x, y), to: (route.end.x, route.end.y - 6))
    }

    /// Leaves and arrives straight down.
    private func curve(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) -> String {
        guard (start.x - end.x).magnitude > 1.5 else { return " L\(number(end.x)),\(number(end.y))" }
        let middle = number((start.y + end.y) / 2)
        return " C\(number(start.x)),\(middle) \(number(end.x)),\(middle) \(number(end.x)),\(number(end.y))"
    }

    private func arrowHead(of route: LayeredLayout.Route) -> String {
        let (x, y) = route.end
        return "M\(number(x)),\(number(y - 1)) l-4,-8 h8 z"
    }

    /// Each label on the first bend of its edge, beside the labels that are already there.
    private var edgeLabels: [String] {
        var taken: [LayeredLayout.Box] = []
        return zip(drawing.edges, layout.routes).compactMap { edge, route in
            guard !edge.label.isEmpty else { return nil }
            let label = shortened(edge.label)
            let extent = LayeredLayout.Extent(width: textWidth(label, size: Self.smallSize) + 8, height: 16)
            let places = [0.5, 0.62, 0.38, 0.74, 0.26].map { box(extent, on: route, at: $0) }
            let place = places.first { place in !taken.contains { overlap($0, place) } } ?? places[0]
            taken.append(place)
            return rectangle(place, radius: 3, attributes: ##"fill="#ffffff" fill-opacity="0.9""##)
                + text(label, x: place.x, y: place.top + 12, size: Self.smallSize, ink: Self.faintInk)
        }
    }

    /// A box whose middle lies on the first bend of a route, `t` of the way.
    private func box(_ extent: LayeredLayout.Extent, on route: LayeredLayout.Route, at t: Double) -> LayeredLayout.Box {
        let end = route.passages.first.map { (x: $0.x, y: $0.top) } ?? route.end
        let (start, s) = (route.start, 1 - t)
        let middle = (start.y + end.y) / 2
        let x = s * s * (s + 3 * t) * start.x + t * t * (t + 3 * s) * end.x
        let y = s * s * s * start.y + 3 * s * t * middle + t * t * t * end.y
        return .init(x: x.rounded(), top: (y - extent.height / 2).rounded(), width: extent.width, height: extent.height)
    }

    private func overlap(_ a: LayeredLayout.Box, _ b: LayeredLayout.Box) -> Bool {
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    }

    // MARK: Nodes

    private func node(_ index: Int) -> String {
        let (node, box) = (drawing.nodes[index], layout.boxes[index])
        let title = [node.label, node.subtitle, node.state.words].filter { !$0.isEmpty }.joined(separator: " · ")
        let hasSubtitle = !subtitles[index].isEmpty
        return "<g><title>\(xmlEscaped(title))</title>"
            + shape(node.kind, box, attributes: look(of: node.state))
            + text(labels[index], x: box.x, y: box.top + (hasSubtitle ? 21 : 23), size: Self.labelSize, ink: Self.ink)
            + (hasSubtitle
                ? text(subtitles[index], x: box.x, y: box.top + 38, size: Self.smallSize, ink: Self.faintInk) : "")
            + "</g>"
    }

    private func shape(_ kind: GraphDrawing.Kind, _ box: LayeredLayout.Box, attributes: String) -> String {
        switch kind {
        case .source: rectangle(box, radius: box.height / 2, attributes: attributes)
        case .stage: rectangle(box, radius: 7, attributes: attributes)
        case .command: cutRectangle(box, cut: 8, attributes: attributes)
        }
    }

    private func look(of state: GraphDrawing.State) -> String {
        let dashes = state == .undetermined ? #" stroke-dasharray="4 3""# : ""
        let width = state == .stale ? "2" : "1.25"
        return #"fill="\#(state.fill)" stroke="\#(state.stroke)" stroke-width="\#(width)"\#(dashes)"#
    }

    private func rectangle(_ box: LayeredLayout.Box, radius: Double, attributes: String) -> String {
        #"<rect x="\#(number(box.left))" y="\#(number(box.top))" width="\#(number(box.width))""#
            + #" height="\#(number(box.height))" rx="\#(number(radius))" \#(attributes)/>"#
    }

    private func cutRectangle(_ box: LayeredLayout.Box, cut: Double, attributes: String) -> String {
        let (c, w, h) = (number(cut), number(box.width - 2 * cut), number(box.height - 2 * cut))
        let start = "M\(number(box.left + cut)),\(number(box.top))"
        let way = "h\(w) l\(c),\(c) v\(h) l-\(c),\(c) h-\(w) l-\(c),-\(c) v-\(h) z"
        return #"<path d="\#(start) \#(way)" \#(attributes)/>"#
    }

    private func text(_ text: String, x: Double, y: Double, size: Double, ink: String) -> String {
        let size = size == Self.labelSize ? "" : #" font-size="\#(number(size))""#
        return #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="middle" fill="\#(ink)"\#(size)>"#
            + xmlEscaped(text) + "</text>"
    }

    // MARK: Legend

    private var legendElements: [String] {
        let top = layout.height + 30
        return legend.map { state, x in
            let swatch = LayeredLayout.Box(x: x + 9, top: top, width: 18, height: 14)
            return rectangle(swatch, radius: 4, attributes: look(of: state))
                + #"<text x="\#(number(x + 24))" y="\#(number(top + 11))" fill="\#(Self.faintInk)""#
                + #" font-size="\#(number(Self.smallSize))">\#(state.words)</text>"#
        }
    }
}

/// The text, or its beginning and its end where it is long.
private func shortened(_ text: String) -> String {
    let text = text.onOneLine
    return text.count > 36 ? text.prefix(22) + "…" + text.suffix(13) : text
}

/// Pixels that the text takes at most in a common font without serifs.
private func textWidth(_ text: String, size: Double) -> Double {
    let ems = text.reduce(0.0) { sum, character in
        switch character {
        case "i", "j", "l", ".", ",", ":", ";", "'", "|", "!", " ", "·": sum + 0.33
        case "f", "r", "t", "-", "(", ")", "/", "I": sum + 0.42
        case "m", "w", "M", "W", "@", "%", "…": sum + 0.98
        case "A"..."Z": sum + 0.74
        default: sum + (String(character).displayWidth > 1 ? 1.05 : 0.635)
        }
    }
    return (ems * size).rounded(.up)
}

/// The next even number of pixels, so that middles are whole.
private func even(_ pixels: Double) -> Double {
    (pixels / 2).rounded(.up) * 2
}

/// Whole pixels without a point, else one digit after it.
private func number(_ pixels: Double) -> String {
    let tenths = Int((pixels * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let fraction = tenths.magnitude % 10
    return "\(sign)\(tenths.magnitude / 10)" + (fraction == 0 ? "" : ".\(fraction)")
}
