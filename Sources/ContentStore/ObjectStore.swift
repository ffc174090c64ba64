// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// Digest to bytes.
///
/// Calls may be slow and may fail, as those of a remote store do.
package protocol ObjectStore: Sendable {
    /// Whether an object of this digest and length is there, without reading it.
    func holds(_ object: Digest, byteCount: Int) throws(StoreError) -> Bool

    /// Where an object lies on this machine, whether it is there or not.
    func path(of object: Digest) -> FilePath

    /// Takes the file into the store, moving it where it can; its bytes are hashed on the way in.
    func insert(movingFileAt path: FilePath) throws(StoreError) -> FileDigest

    /// Takes bytes into the store.
    func insert(_ bytes: [UInt8]) throws(StoreError) -> FileDigest

    /// The bytes of an object, verified.
    func bytes(of object: Digest) throws(StoreError) -> [UInt8]

    /// A read-only file on this machine with the object's bytes, verified.
    func verifiedFile(of object: Digest) throws(StoreError) -> FilePath

    /// Waits until all that was inserted is on the disk.
    func sync() throws(StoreError)
}
