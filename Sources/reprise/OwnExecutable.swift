// SPDX-License-Identifier: Apache-2.0

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
