// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineManifest

extension [ToolInterface.Word] {
    /// What each word of a tool's setting `kernel` means.
    static var kernels: [ToolInterface.Word] {
        ResamplingKernel.all.map { .init($0.name, of: "kernel", summary: $0.summary) }
    }
}
