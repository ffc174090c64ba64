// SPDX-License-Identifier: Apache-2.0

import Imaging
import PipelineExecution
import TensorStore
import Tensors

/// The versions of the libraries and the compiler that this program was built with.
package enum LibraryVersions {
    package static var all: [String: String] {
        [
            "libhdf5": HDF5.libraryVersion, "libpng": ImageLibrary.pngVersion, "zlib": StageLog.zlibVersion,
            "compiler": KernelCompiler.version,
        ]
    }
}
