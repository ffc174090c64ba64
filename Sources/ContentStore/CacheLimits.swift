// SPDX-License-Identifier: Apache-2.0

/// The greatest lengths, in bytes, of files that are read whole from a cache: many times what honest ones have.
///
/// A longer one counts as damaged.
package enum CacheLimits {
    /// A result with its key document: of 100,000 code files, 20 MB.
    package static let result = 1 << 26
    /// A record of a run: of 100,000 stages, 100 MB.
    package static let record = 1 << 28
    /// The newest keys of a pipeline's stages: of 100,000 stages, 20 MB.
    package static let latestStages = 1 << 27
    /// A kept answer with the status of all that was looked at.
    package static let answer = 1 << 28
    /// Digests of files that were hashed before.
    package static let statCache = 1 << 30
    /// The order of one stage's work, and the report on it.
    package static let workOrder = 1 << 28
    /// A lock that a record names.
    package static let lock = 1 << 28
}
