// SPDX-License-Identifier: Apache-2.0

import PipelineTools
import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What a run's record says of where it ran.
///
/// Nothing of it is part of any key.
enum Machine {
    /// At least 1.
    static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Of physical memory.
    static var memoryByteCount: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

    static var environment: [String: String] {
        var environment = LibraryVersions.all
        environment["reprise"] = Reprise.version
        environment["system"] = system
        environment["processor"] = processor
        environment["processors"] = String(processorCount)
        environment["simd"] = (try? SIMDLevel.chosen())?.description ?? "unknown"
        return environment
    }

    private static var system: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        return [text(&name.sysname), text(&name.release), text(&name.machine)].joined(separator: " ")
    }

    private static func text<Tuple>(_ field: inout Tuple) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static var processor: String {
        #if canImport(Darwin)
            var buffer = [CChar](repeating: 0, count: 256)
            var count = buffer.count
            guard sysctlbyname("machdep.cpu.brand_string", &buffer, &count, nil, 0) == 0 else { return "unknown" }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
            guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown" }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 1024)
            while fgets(&line, Int32(line.count), file) != nil {
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
                return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline })
            }
            return "unknown"
        #endif
    }
}
