// SPDX-License-Identifier: Apache-2.0

/// A typed value of a setting, with defaults and `${…}` resolved.
package indirect enum SettingValue: Hashable, Sendable {
    case boolean(Bool)
    case integer(Int)
    /// Always finite.
    case number(Double)
    case text(String)
    case list([SettingValue])
    case map([String: SettingValue])
}

/// What a tool accepts for one of its settings.
package indirect enum SettingType: Hashable, Sendable {
    case boolean
    case integer(ClosedRange<Int>)
    /// A finite number; an integer in the manifest is taken as one.
    case number(ClosedRange<Double>)
    case text
    /// One of these words.
    case choice([String])
    /// An integer out of these.
    case integerChoice([Int])
    /// At least `minimum` elements of one type.
    case list(of: SettingType, minimum: Int)
    /// Of one of several kinds, each with fields of its own.
    case item(ItemType)
}
