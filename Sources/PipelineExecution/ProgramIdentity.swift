// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import PipelineManifest

/// Which program gave a work order: the bytes of its file, and what the file system said of it.
package struct ProgramIdentity: Hashable, Sendable {
    package let digest: Digest
    /// When the program that gave the order began.
    package let status: FileStatus

    package init(digest: Digest, status: FileStatus) {
        self.digest = digest
        self.status = status
    }

    /// What a stage ends with whose order another program gave.
    package static let replaced = ToolFailure(
        "the program was replaced while the run went on", at: .stage, hint: "run again")
}

extension ProgramIdentity {
    private static let name = "program"

    /// The order with this identity in it.
    func json(with order: WorkOrder) -> JSONValue {
        var members = order.json.object ?? [:]
        members[Self.name] = json
        return .object(members)
    }

    package var json: JSONValue {
        [
            "digest": .text(digest.description), "bytes": .integer(status.byteCount),
            // Beyond what an integer of JSON holds.
            "device": .text(String(status.device)), "inode": .text(String(status.inode)),
            "modified": .integer(Int(status.modificationTime)), "changed": .integer(Int(status.changeTime)),
        ]
    }

    /// Takes it out of the document of a work order.
    package init(ofOrder order: JSONValue) throws(WorkOrderError) {
        guard let json = order[Self.name], let digest = json["digest"]?.digest, let byteCount = json["bytes"]?.integer,
            let device = (json["device"]?.text).flatMap({ UInt64($0) }),
            let inode = (json["inode"]?.text).flatMap({ UInt64($0) }), let modified = json["modified"]?.integer,
            let changed = json["changed"]?.integer
        else { throw WorkOrderError(description: "a work order does not say which program gave it") }
        self.init(
            digest: digest,
            status: FileStatus(
                kind: .file, byteCount: byteCount, device: device, inode: inode, modificationTime: Int64(modified),
                changeTime: Int64(changed)))
    }
}
