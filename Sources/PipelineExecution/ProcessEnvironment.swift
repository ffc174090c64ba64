// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The environment that this process was started with.
package enum ProcessEnvironment {
    package static func value(of name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
