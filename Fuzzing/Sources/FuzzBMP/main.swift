// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import FuzzChecks
import Glibc
import Imaging

exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        if let raster = try? Raster(bmp: Array(UnsafeBufferPointer(start: bytes, count: count))) { check(raster) }
    })
