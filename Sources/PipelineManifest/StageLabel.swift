// SPDX-License-Identifier: Apache-2.0

/// What follows `@` in the name of an instance.
package enum StageLabel {
    /// The label with its variables in the order that names have: `seed=1,scale=3` is `scale=3,seed=1`.
    ///
    /// A label that is no list of variables stays as it is.
    package static func sorted(_ label: String) -> String {
        let parts = label.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count > 1, parts.allSatisfy({ $0.contains("=") }) else { return label }
        return parts.sorted { variable(of: $0).utf8.lexicographicallyPrecedes(variable(of: $1).utf8) }
            .joined(separator: ",")
    }

    private static func variable(of part: Substring) -> Substring { part.prefix { $0 != "=" } }
}
