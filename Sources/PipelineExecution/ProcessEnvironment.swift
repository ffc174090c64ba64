// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The environment that this process was started with, and what commands and probes see of it.
package enum ProcessEnvironment {
    package static func value(of name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// All variables; of one that stands twice, the first.
    package static var all: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, variables[String(parts[0])] == nil { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// The variables of some names as `NAME=VALUE`, by name; of one that stands twice, both.
    package static func entries(where isWanted: (String) -> Bool) -> [String] {
        var entries: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let text = String(cString: text)
            if isWanted(String(text.prefix { $0 != "=" })) { entries.append(text) }
            entry += 1
        }
        return entries.sorted()
    }

    /// What every command sees beside what it declares and its own folders; nothing of it differs between machines but
    /// `PATH`.
    static var ofCommands: [String: String] {
        [
            "PATH": value(of: "PATH") ?? "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        ]
    }
}
