// SPDX-License-Identifier: Apache-2.0

import CKernels

/// The compiler of the numeric kernels.
package enum KernelCompiler {
    /// For example `Clang 21.0.0`.
    package static var version: String { String(cString: reprise_compiler_version()) }
}
