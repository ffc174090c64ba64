// SPDX-License-Identifier: Apache-2.0

import CPlatform
import SystemPackage

/// What a disk has left for this process.
struct DiskRoom {
    /// Below so many bytes a disk is full.
    ///
    /// A write that fails leaves less than a block, and the file system keeps a few blocks for maps and folders, on a
    /// large one some tens of KiB.
    static let least: UInt64 = 1 << 16

    private let room: reprise_disk_room

    /// `nil` where the file system does not say.
    init?(at path: FilePath) {
        var room = reprise_disk_room()
        guard path.withPlatformString({ reprise_look_at_disk($0, &room) }) == 0 else { return nil }
        self.room = room
    }

    var isFull: Bool { takes(fewerThan: Self.least) || room.counts_files != 0 && room.files == 0 }

    func takes(fewerThan byteCount: UInt64) -> Bool { room.counts_bytes != 0 && room.bytes < byteCount }

    /// Whether what is written may be refused later than by the call that writes.
    var isRemote: Bool { room.is_remote != 0 }
}

/// A disk that takes no more, or took no more at some moment.
package struct FullDisk: Hashable, Sendable, CustomStringConvertible {
    enum Cause: Hashable, Sendable {
        case isFull
        case wasFull
        /// It has room, and does not take what is written.
        case refuses(Errno)
        /// As long as this process lets files become.
        case longestFile
    }

    /// What lies on it.
    let place: FilePath
    let cause: Cause

    package var description: String {
        switch cause {
        case .isFull: "the disk of '\(place)' is full: no space left on device"
        case .wasFull: "the disk of '\(place)' was full while it ran: no space left on device"
        case .refuses(let reason):
            "cannot write to the disk of '\(place)': "
                + reason.description.prefix(1).lowercased() + reason.description.dropFirst()
        case .longestFile: "'\(place)' is as long as a file may become here (see 'ulimit -f')"
        }
    }
}
