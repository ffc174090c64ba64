// SPDX-License-Identifier: Apache-2.0

/// What a kind of stage accepts and yields, without saying how it is carried out.
///
/// The version is part of every action key: it is raised whenever the same inputs and settings give other content.
package struct ToolInterface: Hashable, Sendable {
    package struct Input: Hashable, Sendable {
        package enum Arity: Hashable, Sendable {
            case one
            case optional
            /// One reference or a list of them, at least one.
            case many
        }

        package let name: String
        package let formats: [ArtifactFormat]
        package let purpose: InputPurpose
        package let arity: Arity
        /// Whether the tool checks a source's files against the catalogue that the source names; at most one input of
        /// a tool.
        package let checksCatalogue: Bool
        package let summary: String

        package init(
            _ name: String, _ formats: [ArtifactFormat], purpose: InputPurpose = .reads, arity: Arity = .one,
            checksCatalogue: Bool = false, summary: String
        ) {
            self.name = name
            self.formats = formats
            self.purpose = purpose
            self.arity = arity
            self.checksCatalogue = checksCatalogue
            self.summary = summary
        }
    }

    package struct Output: Hashable, Sendable {
        package let name: String
        package let format: ArtifactFormat
        /// The role this output takes, as the parts of a split do; `nil` inherits the inputs' roles.
        package let role: Role?
        package let summary: String

        package init(_ name: String, _ format: ArtifactFormat, role: Role? = nil, summary: String) {
            self.name = name
            self.format = format
            self.role = role
            self.summary = summary
        }
    }

    package struct Setting: Hashable, Sendable {
        package enum Presence: Hashable, Sendable {
            case required
            /// May be left out, and then has no value at all.
            case optional
            case defaulted(SettingValue)
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

    /// A word that a setting takes, with what it means.
    package struct Word: Hashable, Sendable {
        package let word: String
        package let setting: String
        package let summary: String

        package init(_ word: String, of setting: String, summary: String) {
            self.word = word
            self.setting = setting
            self.summary = summary
        }
    }

    package let name: String
    package let version: Int
    package let summary: String
    package let inputs: [Input]
    /// The first output is the one that a reference by the stage's name alone means.
    package let outputs: [Output]
    package let settings: [Setting]
    /// What words of its settings mean, where their names do not say it.
    package let words: [Word]
    /// Whether the manifest's claims are part of what the tool reads.
    package let readsClaims: Bool

    package init(
        name: String, version: Int, summary: String, inputs: [Input], outputs: [Output], settings: [Setting],
        words: [Word] = [], readsClaims: Bool = false
    ) {
        let checked = inputs.filter(\.checksCatalogue)
        precondition(
            checked.isEmpty
                || checked.count == 1 && checked[0].arity != .many && !inputs.contains { $0.name == "catalogue" },
            "the key of '\(name)' holds one catalogue, under that name")
        self.name = name
        self.version = version
        self.summary = summary
        self.inputs = inputs
        self.outputs = outputs
        self.settings = settings
        self.words = words
        self.readsClaims = readsClaims
    }

    /// Whether any input is learned from or chosen by.
    package var learns: Bool { inputs.contains { $0.purpose != .reads } }
}
