// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage

/// Calls `body` with a fresh folder, which is removed afterwards.
func withTemporaryFolder<Value>(_ body: (FilePath) throws -> Value) throws -> Value {
    let name = "reprise-test-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let folder = FilePath("/tmp").appending(name)
    try Files.makeFolder(folder)
    defer { try? Files.removeTree(folder) }
    return try body(folder)
}
