// SPDX-License-Identifier: Apache-2.0

import ContentStore
package import SystemPackage

/// Reading what a stage is given: the bytes that it gets are those that its key says, or it fails.
extension ToolInput.File {
    /// All bytes of the file; one longer than `limit` is refused.
    ///
    /// - Throws: `StoreError`, or a `ToolFailure` where it holds other bytes than it has to.
    package func contents(limit: Int = 1 << 30) throws -> [UInt8] {
        let contents = try Files.bytes(of: path, limit: limit)
        if let bytes, Digest(of: contents) != bytes.digest { throw changed }
        return contents
    }

    /// Makes a new file of the bytes.
    ///
    /// - Throws: `StoreError`, or a `ToolFailure` where the file holds other bytes than it has to.
    package func copy(toNew target: FilePath, permissions: UInt16) throws {
        let copied = try Files.copyHashing(path, toNew: target, permissions: permissions)
        if let bytes, copied != bytes { throw changed }
    }

    private var changed: ToolFailure { ToolFailure(StageFailure.inputChanged(file: path.string, input: "")) }
}

extension ToolContext {
    /// A file with the bytes that an input's file has to hold, and that nobody else writes to: the file itself where
    /// it is one of the cache, else a copy that goes with the stage's attempt.
    ///
    /// - Parameter output: the copy lies beside that output.
    package func settled(_ file: ToolInput.File, beside output: String) throws -> FilePath {
        guard file.bytes != nil else { return file.path }
        let copy = Files.temporarySibling(of: self.output(output))
        try file.copy(toNew: copy, permissions: 0o444)
        return copy
    }
}

extension ToolFailure {
    /// What a tool says of an input that changed.
    fileprivate init(_ failure: StageFailure) {
        self.init(failure.message, hint: failure.hint)
    }
}
