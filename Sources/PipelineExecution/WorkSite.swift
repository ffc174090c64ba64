// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// The folder in which a run works at an action, with the claims that it holds for the time.
struct WorkSite: Sendable {
    let folder: CachePath
    private let claims: [ActionClaim]

    /// The usual folder; where it is another user's and cannot be claimed or written to, one apart from it.
    init(of key: ActionKey, holding claim: ActionClaim, in folders: CacheFolders) throws(StoreError) {
        let usual = folders.workFolder(of: key)
        if claim.isHeld {
            try? Files.makeFolder(usual, replacesOthers: true)
            if Files.isWritable(folder: usual) {
                (folder, claims) = (usual, [claim])
                return
            }
        }
        let apart = WorkPlace.apart(key)
        folder = folders.folder(of: apart)
        claims = [claim] + [try ActionClaim(at: folders.claim(of: apart))].compactMap { $0 }
        try Files.makeFolder(folder)
    }

    /// A new folder in it for one attempt, which nobody else can look into.
    func newAttempt() throws(StoreError) -> CachePath {
        let attempt = folder.appending("attempt-" + String(UInt32.random(in: 0...UInt32.max), radix: 16))
        try Files.makeFolder(folder)
        // What outlives attempts is a folder of its own, and never a link to another one.
        for kept in [CacheFolders.checkpoint, CacheFolders.resume].map({ folder.appending($0) }) {
            if let status = try Files.status(kept), status.kind != .folder { try Files.remove(kept) }
        }
        try Files.makeFolder(attempt, permissions: 0o700)
        return attempt
    }

    func release() {
        for claim in claims { claim.release() }
    }
}
