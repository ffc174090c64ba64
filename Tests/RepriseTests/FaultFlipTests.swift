// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A flipped bit anywhere in the cache, or in a lock, is noticed where it matters, and no result is wrong.
@Suite struct FaultFlipTests {
    private struct Kept {
        let project: FaultProject
        let lock: String
        /// Every file of the cache by its name in it.
        let files: [String: Data]
    }

    private func kept() throws -> Kept {
        let project = try FaultProject()
        try project.reprise("lock", "faults.yml", "-q")
        var files: [String: Data] = [:]
        for name in try project.kept() {
            let file = project.cache.appendingPathComponent(name)
            if let bytes = try? Data(contentsOf: file) { files[name] = bytes }
        }
        return Kept(project: project, lock: try project.files.text("faults.lock"), files: files)
    }

    /// Some random places of a file, ten times as many where much is tried.
    private func places(of bytes: Data, count: Int) -> [Int] {
        var numbers = SeededNumbers(seed: bytes.count)
        let count = FaultEffort.isWhole ? count * 10 : count
        if bytes.count <= count { return Array(bytes.indices) }
        return (0..<count).map { _ in Int.random(in: bytes.indices, using: &numbers) }
    }

    @Test func `a flipped bit of an object is noticed by what reads it, and the object is made again`() throws {
        let kept = try kept()
        let objects = kept.files.filter { $0.key.hasPrefix("objects/") }
        try #require(objects.count > 10)
        for (name, bytes) in objects.sorted(by: { $0.key < $1.key }) {
            for place in places(of: bytes, count: 2) {
                try flip(place, of: bytes, in: name, of: kept)
                // Without its results, each stage reads all it needs; what nobody reads is met where it is made.
                try FileManager.default.removeItem(at: kept.project.cache.appendingPathComponent("actions"))
                try checkLock(of: kept, "byte \(place) of \(name)")
                #expect(try Data(contentsOf: kept.project.cache.appendingPathComponent(name)) == bytes)
            }
        }
    }

    @Test func `a flipped bit in what the cache knows makes no result wrong`() throws {
        let kept = try kept()
        let others = kept.files.filter {
            !$0.key.hasPrefix("objects/") && $0.key != "CACHEDIR.TAG" && $0.key != ".gitignore"
        }
        try #require(others.count > 10)
        for (name, bytes) in others.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("runs/logs/") {
            for place in places(of: bytes, count: 2) {
                try flip(place, of: bytes, in: name, of: kept)
                try checkLock(of: kept, "byte \(place) of \(name)")
            }
        }
    }

    @Test func `a flipped bit of a lock is no lock of this pipeline`() throws {
        let kept = try kept()
        let bytes = Data(kept.lock.utf8)
        for place in places(of: bytes, count: 60) {
            var flipped = bytes
            flipped[place] ^= 1 << UInt8(place % 8)
            try kept.project.files.write(flipped, to: "faults.lock")
            let outcome = try kept.project.reprise("check", "faults.yml", "-q")
            let isBlank = " \n".utf8.contains(bytes[place])
            // A key alone may differ where the content is the same: the check says so, and the content is identical.
            let isOfKey = outcome.output.contains("keys differ, though not the content")
            #expect(outcome.code == 3 || outcome.code == 2 || isBlank || isOfKey, "byte \(place): \(outcome.output)")
        }
    }

    private func flip(_ place: Int, of bytes: Data, in name: String, of kept: Kept) throws {
        let file = kept.project.cache.appendingPathComponent(name)
        var flipped = bytes
        flipped[flipped.startIndex + place] ^= 1 << UInt8(place % 8)
        try? FileManager.default.removeItem(at: file)
        try flipped.write(to: file)
    }

    private func checkLock(of kept: Kept, _ comment: String) throws {
        let outcome = try kept.project.reprise("lock", "faults.yml", "-q")
        #expect(outcome.code == 0, "\(comment): \(outcome.errors)")
        #expect(try kept.project.files.text("faults.lock") == kept.lock, "\(comment)")
    }
}
