// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import FuzzChecks
import Glibc
import Imaging

// Every change of a byte makes a checksum wrong, which ends the reading; so each input is read once as it is and once
// with its checksums set right.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        for bytes in [bytes, withRightChecksums(bytes)] {
            if let raster = try? Raster(png: bytes) { check(raster) }
        }
    })
