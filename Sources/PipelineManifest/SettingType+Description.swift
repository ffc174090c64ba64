// SPDX-License-Identifier: Apache-2.0

extension SettingType: CustomStringConvertible {
    /// What is accepted, to be read after 'takes': `an integer from 1 to 64`.
    package var description: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range): "an integer\(SettingType.limits(of: range))"
        case .number(let range): "a number\(SettingType.limits(of: range))"
        case .text: "text"
        case .choice(let words): listed(words.map { quoted($0) }, joinedBy: "or")
        case .integerChoice(let integers): listed(integers.map(String.init), joinedBy: "or")
        case .item(let type): type.description
        case .list(.item(let type), let minimum):
            minimum == 0 ? "a list of \(type.briefKinds)" : "a list of at least \(minimum) of \(type.briefKinds)"
        case .list(let element, let minimum):
            minimum == 0
                ? "a list, each element \(element)" : "a list of at least \(minimum), each element \(element)"
        }
    }

    private static func limits(of range: ClosedRange<Int>) -> String {
        switch (range.lowerBound == .min, range.upperBound == .max) {
        case (true, true): ""
        case (false, true): " of at least \(range.lowerBound)"
        case (true, false): " of at most \(range.upperBound)"
        case (false, false): " from \(range.lowerBound) to \(range.upperBound)"
        }
    }

    private static func limits(of range: ClosedRange<Double>) -> String {
        let isUnboundedBelow = range.lowerBound <= -Double.greatestFiniteMagnitude
        let isUnboundedAbove = range.upperBound >= Double.greatestFiniteMagnitude
        let isAboveZero = range.lowerBound == .leastNonzeroMagnitude || range.lowerBound == .leastNormalMagnitude
        let lower = isAboveZero ? "above 0" : "of at least \(written(range.lowerBound))"
        switch (isUnboundedBelow, isUnboundedAbove) {
        case (true, true): return ""
        case (false, true): return " \(lower)"
        case (true, false): return " of at most \(written(range.upperBound))"
        case (false, false):
            return isAboveZero
                ? " above 0 and of at most \(written(range.upperBound))"
                : " from \(written(range.lowerBound)) to \(written(range.upperBound))"
        }
    }
}

extension ItemType: CustomStringConvertible {
    /// What is accepted, to be read after 'takes': `one of 'relu' and 'tanh'`.
    package var description: String { "one of \(briefKinds)" }

    /// Whether `description` leaves none out.
    var namesAllKinds: Bool { kinds.count <= 4 }

    /// The names of the kinds, of many the first three.
    fileprivate var briefKinds: String {
        let names = kinds.map { quoted($0.name) }
        return namesAllKinds ? listed(names) : "\(names.prefix(3).joined(separator: ", ")), …"
    }
}

extension SettingValue: CustomStringConvertible {
    /// The value as it could stand in a manifest, in YAML's flow style: `0.001`, `[2, 3]`, `{a: b}`.
    package var description: String {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): written(value)
        case .text(let value): value
        case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
        case .map(let values):
            "{\(values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        }
    }

    /// The value with its type, to be read after 'not': `the text 'ten'`.
    package var descriptionWithType: String {
        switch self {
        case .boolean, .integer, .number: description
        case .text(let value): "the text \(quoted(value))"
        case .list: "a list"
        case .map: "a mapping"
        }
    }
}

/// The shortest digits that stand for the number, a whole one without its decimal point.
private func written(_ number: Double) -> String {
    let text = String(describing: number)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
