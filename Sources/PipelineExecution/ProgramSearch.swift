// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Synchronization
import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Finds programs by their names, each once.
final class ProgramSearch: Sendable {
    private struct Question: Hashable {
        let name: String
        let path: String
    }

    private let found = Mutex<[Question: FilePath?]>([:])

    /// The first file of this name in the folders of `path` that may be run; `nil` where there is none.
    ///
    /// - Parameter path: as in `PATH`; folders that are not named from the root are passed over, since what they mean
    ///   depends on where one is.
    func program(named name: String, path: String) -> FilePath? {
        let question = Question(name: name, path: path)
        if let known = found.withLock({ $0[question] }) { return known }
        let program = Self.search(for: name, in: path)
        found.withLock { $0[question] = program }
        return program
    }

    /// As above; one with a `/` is looked up beside a file, such as the manifest.
    func program(called name: String, path: String, beside folder: FilePath) -> FilePath? {
        if !name.contains("/") { return program(named: name, path: path) }
        let file = folder.absolute.pushing(FilePath(name))
        return (try? Files.status(file))??.kind == .file ? file : nil
    }

    private static func search(for name: String, in path: String) -> FilePath? {
        guard let component = FilePath.Component(name) else { return nil }
        for folder in path.split(separator: ":").map({ FilePath(String($0)) }) where folder.isAbsolute {
            let file = folder.appending(component)
            guard (try? Files.status(file))??.kind == .file else { continue }
            if file.withPlatformString({ access($0, X_OK) }) == 0 { return file }
        }
        return nil
    }
}
