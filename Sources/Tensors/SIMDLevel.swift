// SPDX-License-Identifier: Apache-2.0

import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The instructions that the kernels may use.
///
/// All levels give the same bits; a level chooses speed only.
package enum SIMDLevel: String, CaseIterable, Sendable, CustomStringConvertible {
    case baseline, avx2, avx512, neon

    /// Those that this processor and this build have, slowest first; `baseline` is always among them.
    package static let available: [SIMDLevel] = allCases.filter { reprise_kernels_of($0.code) != nil }

    /// The fastest of `available`.
    package static let best: SIMDLevel = available.last ?? .baseline

    /// `best`, or the level that the environment variable `REPRISE_SIMD` names.
    package static func chosen() throws(SIMDLevelError) -> SIMDLevel {
        guard let name = getenv("REPRISE_SIMD") else { return best }
        return try named(String(cString: name))
    }

    /// The level of this name, if this machine has it.
    package static func named(_ name: String) throws(SIMDLevelError) -> SIMDLevel {
        guard let level = SIMDLevel(rawValue: name) else { throw .unknown(name: name) }
        guard available.contains(level) else { throw .unavailable(level) }
        return level
    }

    package var description: String { rawValue }

    private var code: reprise_level {
        switch self {
        case .baseline: REPRISE_BASELINE
        case .avx2: REPRISE_AVX2
        case .avx512: REPRISE_AVX512
        case .neon: REPRISE_NEON
        }
    }

    /// The table of this level's functions; the level must be one of `available`.
    var kernels: reprise_kernels {
        guard let table = reprise_kernels_of(code) else {
            preconditionFailure("the SIMD level '\(self)' is not available on this machine")
        }
        return table.pointee
    }
}

/// A name in `REPRISE_SIMD` that cannot be followed.
package enum SIMDLevelError: Error, Hashable, CustomStringConvertible {
    case unknown(name: String)
    case unavailable(SIMDLevel)

    package var description: String {
        switch self {
        case .unknown(let name):
            "REPRISE_SIMD names '\(name)', which is none of baseline, avx2, avx512, neon"
        case .unavailable(let level):
            "REPRISE_SIMD asks for '\(level)', which this machine does not have"
        }
    }
}
