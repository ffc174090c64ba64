// SPDX-License-Identifier: Apache-2.0

/// Reading what stages take of the machine, and how often and how long they are tried.
extension ManifestReader {
    /// The names of the pools that every machine has.
    private static let machinePools = ["cpu", "memory"]

    /// Of a timeout and of a backoff, in seconds: a thousand days.
    private static let maximumSeconds = 86400.0 * 1000

    /// Reads `pools:` and remembers them for the stages' `resources`.
    mutating func pools(of sections: [Fields]) -> [Pool] {
        let entries = uniqueEntries(of: sections.map { $0["pools"] }, "'pools'", kind: "pool", .duplicateKey)
        for entry in entries {
            let isNamed = isPoolName(entry.key)
            let subject = "pool \(quoted(entry.key.value))"
            let capacity = self.amount(of: entry, subject)
            pools[entry.key.value] = .some(
                isNamed ? capacity.map { Pool(name: entry.key, capacity: $0) } : nil)
        }
        return entries.compactMap { pools[$0.key.value] ?? nil }
    }

    /// What the keys that every stage can have say.
    mutating func limits(of fields: Fields) -> StageLimits {
        let resources = resources(of: fields)
        let retries = fields["retries"].flatMap { self.retries(of: $0, fields.owner) }
        let timeout = fields["timeout"].flatMap { seconds(of: $0, fields.owner) }
        return StageLimits(
            resources: resources, retries: retries?.count ?? 0, backoff: retries?.backoff ?? StageLimits.none.backoff,
            timeout: timeout)
    }

    private mutating func isPoolName(_ name: Located<String>) -> Bool {
        guard isName(name, of: "a pool") else { return false }
        guard Self.machinePools.contains(name.value) else { return true }
        mistakes.add(
            .wrongValue, at: name.location, "\(quoted(name.value)) cannot be the name of a pool",
            hint: "every machine has 'cpu' and 'memory'; a stage's 'resources' can name them as they are")
        return false
    }

    private mutating func resources(of fields: Fields) -> [String: Int] {
        var resources: [String: Int] = [:]
        let subject = "'resources' of \(fields.owner)"
        for entry in uniqueEntries(of: fields["resources"], subject, kind: "resource", .duplicateKey) {
            resources[entry.key.value] =
                switch entry.key.value {
                case "cpu": amount(of: entry, "'cpu' of \(fields.owner)")
                case "memory": bytes(of: entry, fields.owner)
                default: share(of: entry, fields.owner)
                }
        }
        return resources
    }

    private mutating func amount(of entry: YAMLEntry, _ subject: String) -> Int? {
        guard case .integer(let amount)? = typedValue(of: entry, .integer(1...Int.max), subject) else { return nil }
        return amount
    }

    /// How much a stage takes of one of the manifest's own pools.
    private mutating func share(of entry: YAMLEntry, _ owner: String) -> Int? {
        let name = entry.key.value
        guard let declared = pools[name] else {
            guard !lacksFile else { return nil }
            let known = Self.machinePools + pools.values.compactMap { $0?.name.value }.sorted()
            mistakes.add(
                .unresolvedReference, at: entry.key.location, "no pool is called \(quoted(name))",
                hint: suggestion(for: name, among: known)
                    ?? "say under the manifest's 'pools' how much there is, for example '\(name): 1'")
            return nil
        }
        guard let amount = amount(of: entry, "\(quoted(name)) of \(owner)"), let pool = declared else { return nil }
        guard amount <= pool.capacity else {
            mistakes.add(
                .wrongValue, at: entry.value.location,
                "\(owner) takes \(amount) of pool \(quoted(name)), which has \(pool.capacity)",
                details: [
                    "pool \(quoted(name)) is declared at "
                        + line(of: pool.name.location, seenFrom: entry.value.location)
                ])
            return nil
        }
        return amount
    }

    private mutating func bytes(of entry: YAMLEntry, _ owner: String) -> Int? {
        quantity(
            of: entry, "'memory' of \(owner)", takes: "an amount of memory such as 512MiB or 4GiB",
            hint: "the units are \(listed(Quantity.memoryUnits.map(\.name))); a number alone is bytes"
        ) { value in
            switch value {
            case .integer(let bytes): bytes >= 1 ? bytes : nil
            case .text(let text):
                Quantity(text, units: Quantity.memoryUnits).flatMap { quantity in
                    let bytes = quantity.value.rounded(.up)
                    return (1...0x1p60).contains(bytes) ? Int(bytes) : nil
                }
            default: nil
            }
        }
    }

    private mutating func retries(of entry: YAMLEntry, _ owner: String) -> (count: Int, backoff: Double?)? {
        let range = 0...StageLimits.maximumRetries
        guard case .map = entry.value.content else { return integer(of: entry, in: owner, range).map { ($0, nil) } }
        let subject = "'retries' of \(owner)"
        guard let fields = fields(of: entry, subject, at: entry.key.location, keys: StageKeys.retries) else {
            return nil
        }
        let count = required("count", in: fields).flatMap { integer(of: $0, in: subject, range) }
        let backoff = fields["backoff"].map { seconds(of: $0, subject, isPositive: false) }
        guard let count else { return nil }
        return (count, backoff ?? nil)
    }

    private mutating func seconds(of entry: YAMLEntry, _ owner: String, isPositive: Bool = true) -> Double? {
        quantity(
            of: entry, "\(quoted(entry.key.value)) of \(owner)",
            takes: "a time \(isPositive ? "above 0s" : "of at least 0s"), such as 90s or 2h",
            hint: "the units are \(listed(Quantity.timeUnits.map(\.name))); the longest is 1000d"
        ) { value in
            guard case .text(let text) = value,
                let seconds = Quantity(text, units: Quantity.timeUnits)?.value, seconds <= Self.maximumSeconds
            else { return nil }
            return seconds > 0 || !isPositive ? seconds : nil
        }
    }

    /// What `amount` makes of the value under a key; a told mistake where that is nothing.
    private mutating func quantity<Amount>(
        of entry: YAMLEntry, _ subject: String, takes expected: String, hint: String,
        _ amount: (SettingValue) -> Amount?
    ) -> Amount? {
        guard case .scalar(let written, let isPlain) = entry.value.content else {
            wrongType(entry, subject, takes: expected, hint: hint)
            return nil
        }
        guard let value = scalarValue(of: entry.value, written, isPlain: isPlain)?.value else { return nil }
        if let amount = amount(value) { return amount }
        mistakes.add(
            .wrongType, at: entry.value.location, "\(subject) takes \(expected), not \(value.descriptionWithType)",
            hint: hint)
        return nil
    }
}
