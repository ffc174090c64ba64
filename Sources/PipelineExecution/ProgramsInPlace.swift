// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelinePlanning
import SystemPackage

/// The programs whose bytes count into a stage's key, which are run where they lie.
///
/// Nobody sees which bytes were run. So a program has those of the key when the work begins, and whoever touches it
/// meanwhile, even if he puts everything back, has the work done once more.
struct ProgramsInPlace {
    private let programs: [(path: FilePath, status: FileStatus)]

    /// - Throws: `StageFailure.inputChanged` for one with other bytes than the key says, or `StoreError`.
    init(_ files: [SourceContent.File]) throws {
        programs = try files.map { file in (file.path, try Self.status(of: file)) }
    }

    private static func status(of file: SourceContent.File) throws -> FileStatus {
        guard let now = try Files.status(file.path) else {
            throw StageFailure.inputChanged(file: file.path.string, input: "")
        }
        if now == file.status { return now }
        // Touched and yet the same bytes is no change.
        let hashed = try HashedFile(
            readingFrom: file.path, lookedAt: now, in: SystemFileSystem(), through: FileBuffer())
        guard hashed.bytes == file.bytes else {
            throw StageFailure.inputChanged(file: file.path.string, input: "")
        }
        return hashed.status
    }

    /// - Throws: `StageAttempt.Obstacle.touched` for a program that is not as it was, or `StoreError`.
    func checkUntouched() throws {
        for program in programs where try Files.status(program.path) != program.status {
            throw StageAttempt.Obstacle.touched(file: program.path.string)
        }
    }
}
