// SPDX-License-Identifier: Apache-2.0

package import ContentStore
import SystemPackage

/// What a look at every byte of a cache found.
package struct CacheVerification: Sendable {
    package enum Fault: Hashable, Sendable {
        /// An object whose bytes are not those that its name promises; it was set aside.
        case damagedObject(Digest)
        /// A result that does not parse, is of another key or breaks its seal; it was set aside.
        case damagedResult
        /// The cache does not hold the output.
        case absentOutput(String)
        /// The object has another length than the result says.
        case otherLength(output: String)
    }

    /// Something wrong, with the key of the result that it concerns; `nil` for an object that no result names.
    package struct Finding: Hashable, Sendable {
        package let key: ActionKey?
        package let fault: Fault
    }

    package let objectCount: Int
    package let byteCount: Int
    package let resultCount: Int
    /// Sorted by key.
    package let findings: [Finding]

    /// Keys whose outputs have to be made again.
    package var brokenKeys: [ActionKey] { Set(findings.compactMap(\.key)).sorted() }

    /// Hashes every object and checks every result; what is damaged is set aside.
    ///
    /// - Parameters:
    ///   - jobs: objects that are hashed at once.
    ///   - progress: is told how many bytes of how many were hashed, after each object.
    package init(
        of survey: CacheSurvey, jobs: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws {
        let files = survey.stores.objects.sorted { $0.key < $1.key }
        let total = files.reduce(0) { $0 + $1.value.status.byteCount }
        let damaged = try await Self.damagedObjects(files.map { ($0.key, $0.value.status.byteCount) }, survey, jobs) {
            progress($0, total)
        }
        var findings: [Finding] = []
        let namers = survey.namers
        for object in damaged where namers[object] == nil {
            findings.append(Finding(key: nil, fault: .damagedObject(object)))
        }
        for (key, file) in survey.stores.results.sorted(by: { $0.key < $1.key }) {
            guard let entry = survey.results[key] else {
                if try Self.setAside(file) { findings.append(Finding(key: key, fault: .damagedResult)) }
                continue
            }
            for output in entry.result.outputs {
                if let fault = Self.fault(of: output, damaged, survey) {
                    findings.append(Finding(key: key, fault: fault))
                }
            }
        }
        objectCount = files.count
        byteCount = total
        resultCount = survey.stores.results.count
        self.findings = findings
    }

    private static func fault(of output: Artifact, _ damaged: Set<Digest>, _ survey: CacheSurvey) -> Fault? {
        if damaged.contains(output.object) { return .damagedObject(output.object) }
        guard let file = survey.stores.objects[output.object] else { return .absentOutput(output.name) }
        return file.status.byteCount == output.byteCount ? nil : .otherLength(output: output.name)
    }

    private static func damagedObjects(
        _ objects: [(digest: Digest, byteCount: Int)], _ survey: CacheSurvey, _ jobs: Int,
        _ progress: (_ byteCount: Int) -> Void
    ) async throws -> Set<Digest> {
        let store = FileObjectStore(cache: survey.folders.root)
        return try await withThrowingTaskGroup(of: (index: Int, isDamaged: Bool).self) { group in
            var damaged: Set<Digest> = []
            var next = 0
            var byteCount = 0
            func start() {
                guard next < objects.count else { return }
                let (index, digest) = (next, objects[next].digest)
                next += 1
                group.addTask { (index, try isDamaged(digest, in: store)) }
            }
            for _ in 0..<max(1, jobs) { start() }
            while let (index, isDamaged) = try await group.next() {
                try Task.checkCancellation()
                start()
                if isDamaged { damaged.insert(objects[index].digest) }
                byteCount += objects[index].byteCount
                progress(byteCount)
            }
            return damaged
        }
    }

    /// An object that went meanwhile is nobody's fault; one that cannot be read is as bad as a damaged one.
    private static func isDamaged(_ object: Digest, in store: FileObjectStore) throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try store.verifiedFile(of: object)
            return false
        } catch {
            switch error {
            case .damaged: return true
            case .absent: return false
            case .cannot, .changing: throw error
            }
        }
    }

    /// Moves a damaged result to where nothing looks for it; `false` where it went or was written anew meanwhile.
    private static func setAside(_ file: StoreListing.File) throws(StoreError) -> Bool {
        guard try Files.linkStatus(file.path) == file.status else { return false }
        let shelf = file.path.removingLastComponent()
        let damaged = shelf.removingLastComponent().appending("damaged")
        try Files.makeFolder(damaged)
        let name = (shelf.lastComponent?.string ?? "") + (file.path.lastComponent?.string ?? "")
        try Files.rename(file.path, to: Files.temporarySibling(of: damaged.appending(name)))
        return true
    }
}

extension CacheVerification.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damagedObject(let digest): "object \(digest.abbreviated) is damaged, and was set aside"
        case .damagedResult: "its result is damaged, and was set aside"
        case .absentOutput(let output): "its output '\(output)' is absent"
        case .otherLength(let output): "its output '\(output)' has another length than its result says"
        }
    }
}
