// SPDX-License-Identifier: Apache-2.0

/// What a set of samples may be used for; a path from `test` to anything that learns or chooses is an error.
package enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
    case train
    case validation
    case test

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}

/// What a stage does with one of its inputs.
package enum InputPurpose: String, Hashable, Sendable {
    /// Transforms or measures it.
    case reads
    /// Fits parameters to it.
    case learns
    /// Picks an epoch, a checkpoint or a setting by it.
    case chooses
}
