// SPDX-License-Identifier: Apache-2.0

import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs `body` in a fresh folder, removed afterwards with the files in it.
func withTemporaryFolder(_ body: (_ folder: String) throws -> Void) throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/reprise-tensors-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { removeFolder(folder) }
    try body(folder)
}

private func removeFolder(_ folder: String) {
    guard let listing = opendir(folder) else { return }
    while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { unlink("\(folder)/\(name)") }
    }
    closedir(listing)
    rmdir(folder)
}

func readBytes(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"), "cannot open \(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&block, 1, block.count, file)
        if count == 0 { return bytes }
        bytes += block[..<count]
    }
}

func writeBytes(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "wb"), "cannot create \(path)")
    defer { fclose(file) }
    try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}

/// Third-party files for tests, in `REPRISE_SHARED` or beside the package; `nil` where they are absent.
let sharedFolder: String? = {
    let folder: String
    if let named = getenv("REPRISE_SHARED") {
        folder = String(cString: named)
    } else {
        let packageRoot = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        folder = "/\(packageRoot)/../shared"
    }
    return access("\(folder)/oracle/matlab_fsrcnn_patches_set5_x3.h5", R_OK) == 0 ? folder : nil
}()
