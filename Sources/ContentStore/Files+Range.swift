// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Files {
    /// Hands a range of a file's bytes to `body` in pieces of at most a mebibyte; a file that ends before the range
    /// does gives fewer.
    package static func read(
        _ path: FilePath, in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
        }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, min(bufferByteCount, range.count)), alignment: 64)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = pread(
                descriptor, buffer.baseAddress, min(buffer.count, range.upperBound - offset), off_t(offset))
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannot(action: "read", path: path, reason: Errno(rawValue: errno))
            }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
        }
    }
}
