// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// This program's own file, which runs stages as `reprise exec`.
enum OwnExecutable {
    /// The program as it was when it was first asked for, which is when the process begins.
    static let program = RunningProgram(at: hasLink ? RunningProgram.link : path)

    /// Whether the kernel leads to the file that runs, whatever lies at its path by now.
    private static var hasLink: Bool {
        #if os(Linux)
            RunningProgram.link.withPlatformString { access($0, X_OK) } == 0
        #else
            false
        #endif
    }

    /// Does the work of stages of this cache in processes of its own.
    static func runner(cache: CacheFolders) -> ProcessActionRunner {
        ProcessActionRunner(executable: program.executable) {
            try program.identity(rememberedIn: cache.statCache.filePath)
        }
    }

    /// Where the program lies, or lay when it was started.
    static var path: FilePath {
        #if canImport(Darwin)
            var count = UInt32(PATH_MAX)
            var buffer = [CChar](repeating: 0, count: Int(count))
            guard _NSGetExecutablePath(&buffer, &count) == 0 else { return FilePath(CommandLine.arguments[0]) }
            return FilePath(platformString: buffer)
        #else
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
            guard count > 0 else { return FilePath(CommandLine.arguments[0]) }
            return FilePath(platformString: buffer)
        #endif
    }
}
