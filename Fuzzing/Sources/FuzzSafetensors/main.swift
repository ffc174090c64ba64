// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import Tensors
import Weights

// A file's tensors have the values that their shapes say, or are refused.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        guard let file = try? Safetensors(parsing: Array(UnsafeBufferPointer(start: bytes, count: count)))
        else { return }
        for entry in file.entries {
            guard let tensor = try? file.tensor(entry) else { continue }
            precondition(tensor.shape == entry.shape && tensor.values.count == entry.shape.count, "values are lost")
        }
    })
