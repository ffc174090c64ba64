// SPDX-License-Identifier: Apache-2.0

/// What an element of a setting can be where elements are of several kinds, as the layers of a network are.
///
/// An item is a mapping of its kind's name to the kind's own value, with the kind's fields beside it:
/// `{convolution: 56, kernel: 5}`. One of a kind without a value is its name alone, `relu`, or has `true` for the
/// value: `{dropout: true, rate: 0.5}`. As a `SettingValue` it is a `.map` of that form, with `true` where there is no
/// value and without the fields that were left out, so that a kind can get further optional fields and no key changes.
package struct ItemType: Hashable, Sendable {
    package struct Kind: Hashable, Sendable {
        package struct Field: Hashable, Sendable {
            package enum Presence: Hashable, Sendable {
                case required
                /// May be left out, and then has no value at all.
                case optional
            }

            package let name: String
            package let type: SettingType
            package let presence: Presence
            package let summary: String

            package init(_ name: String, _ type: SettingType, _ presence: Presence, summary: String) {
                self.name = name
                self.type = type
                self.presence = presence
                self.summary = summary
            }
        }

        package let name: String
        /// What stands under the kind's name; `nil` where the name says it all.
        package let value: SettingType?
        package let fields: [Field]
        package let summary: String

        package init(_ name: String, _ value: SettingType? = nil, fields: [Field] = [], summary: String) {
            self.name = name
            self.value = value
            self.fields = fields
            self.summary = summary
        }
    }

    package let kinds: [Kind]

    package init(_ kinds: [Kind]) {
        let names = Set(kinds.map(\.name))
        precondition(!kinds.isEmpty && names.count == kinds.count, "each kind of item has a name of its own")
        for kind in kinds {
            let fields = Set(kind.fields.map(\.name))
            precondition(
                fields.count == kind.fields.count && fields.isDisjoint(with: names),
                "each field of '\(kind.name)' has a name of its own, which is no kind's")
        }
        self.kinds = kinds
    }

    package func kind(named name: String) -> Kind? { kinds.first { $0.name == name } }
}
