// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A disk that fails and a clock that jumps: the library of `FaultLayer/faults.c`, which a program loads before the C
/// library of the system.
enum FaultLayer {
    /// `nil` where there is no C compiler, or no such way to load a library.
    static let library: URL? = {
        #if os(Linux)
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "FaultLayer/faults.c")
            let folder = CommandLineProject.executable.deletingLastPathComponent()
            let (made, library) = (
                folder.appendingPathComponent("faults-\(UUID().uuidString).so"),
                folder.appendingPathComponent("faults.so")
            )
            let compiler = Process()
            compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            compiler.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", made.path, source.path]
            compiler.standardError = FileHandle.nullDevice
            guard (try? compiler.run()) != nil else { return nil }
            compiler.waitUntilEnded()
            guard compiler.terminationStatus == 0, rename(made.path, library.path) == 0 else { return nil }
            return library
        #else
            return nil
        #endif
    }()

    /// Which of the calls that change the cache fail, and how.
    struct Fault {
        /// Counted from 1.
        var calls: ClosedRange<Int>
        /// The number of the error; 0: writes are cut short, which the system is free to do.
        var reason: Int32
    }

    /// The environment in which a program's calls below `folder` are counted in the file `counter`, and fail.
    static func environment(folder: URL, counter: URL, fault: Fault?) -> [String: String] {
        guard let library else { return [:] }
        var environment = [
            "LD_PRELOAD": library.path, "FAULT_FOLDER": folder.path, "FAULT_COUNTER": counter.path,
        ]
        if let fault {
            environment["FAULT_FIRST"] = String(fault.calls.lowerBound)
            environment["FAULT_LAST"] = String(fault.calls.upperBound)
            environment["FAULT_REASON"] = String(fault.reason)
            environment["FAULT_STORY"] = counter.path + ".story"
        }
        return environment
    }

    /// The environment in which a program's clock of the day is off by `seconds`, and files are dated by so many.
    static func environment(clockShift seconds: Int, stampSeconds: Int = 0) -> [String: String] {
        guard let library else { return [:] }
        return [
            "LD_PRELOAD": library.path, "CLOCK_SHIFT": String(seconds), "STAMP_SECONDS": String(stampSeconds),
        ]
    }
}

/// Disks that only the program that is started sees, in a namespace of its own.
enum PrivateDisk {
    static let canBeMounted: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilEnded()
        return process.terminationStatus == 0
    }()
}

extension CommandLineProject {
    /// Runs a script that may mount disks of its own, and in which `$0` is the built program.
    func mounted(_ script: String) throws -> Outcome {
        try run(
            ["-rm", "sh", "-c", script, Self.executable.path],
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"],
            program: URL(fileURLWithPath: "/usr/bin/unshare"))
    }
}
