// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelinePlanning
import Synchronization
import SystemPackage

/// What the stages of one run share.
final class RunEquipment: Sendable {
    let programs = ProgramSearch()
    let warden: Warden?
    let committer: ResultCommitter
    /// As the run began.
    let clock = SystemFileClock()
    let disks = DiskWatch()
    private let objects: any ObjectStore
    /// Objects whose bytes this run has hashed, with what the file system said of them then.
    private let verified = Mutex<[Digest: FileStatus]>([:])
    /// The stages that made the results of this run.
    private let makers = Mutex<[ActionKey: String]>([:])

    init(planner: Planner, warden: Warden?) {
        self.warden = warden
        objects = planner.objects
        committer = ResultCommitter(objects: planner.objects, actions: planner.cache)
    }

    /// To be called before the result can be found by others.
    func note(maker stage: String, of key: ActionKey) {
        makers.withLock { $0[key] = stage }
    }

    /// The stage of this run that made an action's result, if one did.
    func maker(of key: ActionKey) -> String? { makers.withLock { $0[key] } }

    /// Takes a file into the store.
    func insert(movingFileAt path: FilePath) throws(StoreError) -> FileDigest {
        let digest = try objects.insert(movingFileAt: path)
        try remember(digest.digest)
        return digest
    }

    /// The file of an object: hashed now, or by this run and unchanged since.
    func verifiedFile(of object: Digest) throws(StoreError) -> FilePath {
        let path = objects.path(of: object)
        if let before = verified.withLock({ $0[object] }), clock.trust(in: before, at: path) != .none,
            try Files.linkStatus(path) == before
        {
            return path
        }
        let verified = try objects.verifiedFile(of: object)
        try remember(object)
        return verified
    }

    private func remember(_ object: Digest) throws(StoreError) {
        let status = try Files.linkStatus(objects.path(of: object))
        verified.withLock { $0[object] = status }
    }
}
