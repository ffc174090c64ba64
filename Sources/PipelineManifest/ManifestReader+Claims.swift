// SPDX-License-Identifier: Apache-2.0

/// Reading the figures that the paper reports.
extension ManifestReader {
    mutating func claims(of sections: [Fields]) -> [Claim] {
        var firsts: [String: SourceLocation] = [:]
        let nodes = sections.flatMap { elements(of: $0["claims"], "'claims'") }
        return nodes.compactMap { node in
            let isNamed = claimName(of: node)
            let owner = isNamed.map { "claim \(quoted($0.value))" } ?? "the claim"
            guard
                let claim = self.fields(
                    of: node, owner, at: isNamed?.location ?? node.location, keys: ManifestKeys.claim)
            else { return nil }
            let name = required("name", in: claim).flatMap { uniqueName(of: $0, &firsts) }
            return self.claim(name, claim)
        }
    }

    /// The name by which messages call the claim, where it has one.
    private func claimName(of node: YAMLNode) -> Located<String>? {
        guard case .map(let entries) = node.content,
            let entry = entries.first(where: { $0.key.value == "name" }),
            case .scalar(let name, _) = entry.value.content
        else { return nil }
        return Located(name, at: entry.value.location)
    }

    private mutating func uniqueName(of entry: YAMLEntry, _ firsts: inout [String: SourceLocation]) -> Located<String>?
    {
        guard let name = text(of: entry, in: "the claim"), isName(name, of: "a claim") else { return nil }
        if let first = firsts[name.value] {
            mistakes.add(
                .duplicateKey, at: name.location,
                "claim \(quoted(name.value)) is declared twice, first at "
                    + line(of: first, seenFrom: name.location))
            return nil
        }
        firsts[name.value] = name.location
        return name
    }

    private mutating func claim(_ name: Located<String>?, _ fields: Fields) -> Claim? {
        let model = requiredText("model", in: fields)
        let metric = required("metric", in: fields).flatMap {
            word(of: $0, in: fields.owner, among: ["psnr", "ssim", "mse", "mae"])
        }
        let dataset = requiredText("dataset", in: fields)
        let scale = required("scale", in: fields).flatMap { integer(of: $0, in: fields.owner, 1...64) }
        let evaluationProtocol = requiredText("protocol", in: fields)
        let printed = required("value", in: fields).flatMap { figure(of: $0, in: fields.owner) }
        let tolerance = fields["tolerance"].flatMap { self.tolerance(of: $0, in: fields.owner) }
        let place = fields["place"].flatMap { text(of: $0, in: fields.owner) }
        let source = fields["source"].flatMap {
            word(of: $0, in: fields.owner, among: ["verified", "unverified"])
        }
        guard let name, let model, let metric, let dataset, let scale, let evaluationProtocol, let printed else {
            return nil
        }
        return Claim(
            name: name, model: model.value, metric: metric, dataset: dataset.value, scale: scale,
            evaluationProtocol: evaluationProtocol.value, printed: printed, tolerance: tolerance,
            place: place?.value, isVerified: source != "unverified")
    }

    /// A decimal figure, kept as it is printed: its digits count.
    private mutating func figure(of entry: YAMLEntry, in owner: String) -> String? {
        guard let written = text(of: entry, in: owner) else { return nil }
        if Self.isFigure(written.value) { return written.value }
        mistakes.add(
            .wrongType, at: written.location,
            "\(quoted(entry.key.value)) of \(owner) takes a figure as it is printed, not \(quoted(written.value))",
            hint: "write digits with a decimal point, for example 33.06")
        return nil
    }

    /// Digits, perhaps with a sign before and a point between.
    private static func isFigure(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 2 && digits.utf8.count <= 30
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
    }

    private mutating func tolerance(of entry: YAMLEntry, in owner: String) -> Double? {
        let type = SettingType.number(.leastNonzeroMagnitude...Double.greatestFiniteMagnitude)
        let subject = "\(quoted(entry.key.value)) of \(owner)"
        guard case .number(let tolerance)? = typedValue(of: entry, type, subject) else { return nil }
        return tolerance
    }
}
