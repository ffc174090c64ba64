// SPDX-License-Identifier: Apache-2.0

/// Floats at a fixed address, zero at first, aligned to a cache line.
///
/// `@unchecked Sendable`: the object itself never changes, only what it points to, and that is shared on purpose. Those
/// who hand it to several threads give each thread a region that no other touches until the work is joined (see
/// `WorkerPool`).
package final class FloatMemory: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    package let count: Int

    package init(count: Int) {
        precondition(count >= 0, "memory cannot hold \(count) floats")
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    deinit {
        pointer.deallocate()
    }

    package var buffer: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }
}
