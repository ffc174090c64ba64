// SPDX-License-Identifier: Apache-2.0

import CHDF5

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The door to libhdf5: one caller at a time, and failures as Swift errors.
///
/// libhdf5 keeps global tables and, as distributions build it, guards them with nothing: two threads in it at once
/// damage each other even on different files. Every call therefore happens inside `locked`. A process should still
/// use tensor files from one thread, since a second one only waits.
package enum HDF5 {
    /// Runs `body` with libhdf5 to itself; anyone else in the process who calls libhdf5 has to do so in here too.
    package static func locked<Value: ~Copyable>(_ body: () throws -> Value) rethrows -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        reprise_h5_prepare()
        return try body()
    }

    /// Whether references to strings can be read as such, for the whole process: negative for a failure of libhdf5's.
    static let referenceAllowance = locked { reprise_h5_allow_references() }

    /// Recursive, because releasing an object inside `locked` locks again.
    ///
    /// Unsafe only for the compiler: the pointer is written once, before its first use, and a mutex is made to be
    /// shared.
    private nonisolated(unsafe) static let mutex: UnsafeMutablePointer<pthread_mutex_t> = {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
        pthread_mutex_init(mutex, &attributes)
        pthread_mutexattr_destroy(&attributes)
        return mutex
    }()

    /// `result` unless it says failure (negative), then the error made from libhdf5's innermost reason.
    @discardableResult
    static func check<Result: SignedInteger>(
        _ result: Result, _ error: (_ reason: String) -> TensorFileError
    ) throws -> Result {
        guard result < 0 else { return result }
        throw error(lastReason())
    }

    /// Why the last call failed, in words without times, addresses and descriptors.
    private static func lastReason() -> String {
        let capacity = 1024
        let cause = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { text in
            guard let start = text.baseAddress else { return "" }
            reprise_h5_last_cause(start, capacity)
            return String(cString: start)
        }
        if cause.isEmpty { return "libhdf5 gives no reason" }
        let marker = "error message = '"
        guard let range = cause.range(ofASCII: marker) else { return cause.startingLowerCase() }
        return String(cause[range.upperBound...].prefix { $0 != "'" }).startingLowerCase()
    }
}

extension TensorFileError {
    /// A failed write of `object`: a full disk is told apart from everything else.
    static func writing(_ file: String, _ object: String, _ reason: String) -> TensorFileError {
        isNoSpace(reason) ? .noSpace(file: file) : .cannotWrite(file: file, object: object, reason: reason)
    }

    /// Whether `reason` is what libhdf5 says when the disk is full, from `strerror(ENOSPC)`.
    static func isNoSpace(_ reason: String) -> Bool {
        reason == "no space left on device"
    }
}

/// An identifier of libhdf5 (file, dataset, type, space, property list), released with its owner.
struct Identifier: ~Copyable {
    let value: hid_t

    /// Takes over `value`, or throws where it says failure.
    init(_ value: hid_t, _ error: (_ reason: String) -> TensorFileError) throws {
        self.value = try HDF5.check(value, error)
    }

    /// Releases now and reports what fails, such as the writing of buffered values.
    consuming func close(_ error: (_ reason: String) -> TensorFileError) throws {
        let value = value
        discard self
        try HDF5.check(H5Idec_ref(value), error)
    }

    /// Gives the identifier away; whoever takes it releases it.
    consuming func released() -> hid_t {
        let value = value
        discard self
        return value
    }

    deinit {
        _ = HDF5.locked { H5Idec_ref(value) }
    }
}

extension String {
    /// The system's words for an error number, such as "no such file or directory".
    init(errorNumber: Int32) {
        self = String(cString: strerror(errorNumber)).startingLowerCase()
    }

    func startingLowerCase() -> String {
        guard let first else { return self }
        return first.lowercased() + dropFirst()
    }

    fileprivate func range(ofASCII text: String) -> Range<String.Index>? {
        var start = utf8.startIndex
        while start != utf8.endIndex {
            if utf8[start...].starts(with: text.utf8) {
                return start..<utf8.index(start, offsetBy: text.utf8.count)
            }
            utf8.formIndex(after: &start)
        }
        return nil
    }

    /// In the order of UTF-8 bytes, which is that of Unicode scalars and the same in every locale.
    func precedesInBytes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Same bytes; `==` would also join names that differ only in Unicode normalisation.
    func equalsInBytes(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
