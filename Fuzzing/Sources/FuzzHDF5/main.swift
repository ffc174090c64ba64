// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import Glibc
import TensorStore
import Tensors

// libhdf5 reads files by name: one file, in memory where the system keeps such files, is written anew for each input.
let path = "/dev/shm/reprise-fuzz-\(getpid()).h5"
let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
atexit { unlink(path) }

guard file >= 0 else {
    print("error: cannot write '\(path)': \(String(cString: strerror(errno)))")
    exit(2)
}
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        guard ftruncate(file, 0) == 0, pwrite(file, bytes, count, 0) == count else { return }
        guard let reader = try? TensorFileReader(path: path) else { return }
        try? reader.visitCanonicalContent { _ in }
        // Damage in one dataset hides none in the others.
        for name in reader.datasetNames {
            _ = try? reader.attributes(of: name)
            _ = try? reader.readStrings(name)
            if (try? reader.shape(of: name).count) ?? 0 < 1 << 20 { _ = try? reader.read(name, as: Float.self) }
        }
    })
