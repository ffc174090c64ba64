// SPDX-License-Identifier: Apache-2.0

package import ContentStore
package import PipelineManifest
import PipelinePlanning
package import SystemPackage

/// What a look at every byte of a cache found.
package struct CacheVerification: Sendable {
    package enum Fault: Hashable, Sendable {
        /// An object whose bytes are not those that its name promises; it was set aside.
        case damagedObject(Digest)
        /// A result that does not parse, is of another key or breaks its seal; it was set aside.
        case damagedResult
        /// The output's object, whole as it is, does not hold the content that the result says; it was set aside.
        case otherContent(output: String)
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

    /// Hashes every object, checks every result, and computes the content of every tensor file and picture anew; what
    /// is damaged or says something else is set aside.
    ///
    /// - Parameters:
    ///   - jobs: objects that are read at once.
    ///   - content: computes the content of a file of a format that has one of its own.
    ///   - progress: is told how many bytes of how many were read, after each object.
    package init(
        of survey: CacheSurvey, jobs: Int,
        content: @escaping @Sendable (FilePath, ArtifactFormat) throws -> Digest,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
    ) async throws {
        let files = survey.stores.objects.sorted { $0.key < $1.key }
        let outputs = Self.canonicalOutputs(in: survey)
        let byteCounts = files.map(\.value.status.byteCount)
        let hashedCount = byteCounts.reduce(0, +)
        let outputByteCounts = outputs.map(\.byteCount)
        let total = hashedCount + outputByteCounts.reduce(0, +)
        let store = FileObjectStore(cache: survey.folders.root)
        let named = Dictionary(
            survey.results.values.flatMap(\.result.outputs).map { ($0.object, $0.byteCount) },
            uniquingKeysWith: { first, _ in first })
        let damaged = Set(
            try await Self.each(byteCounts, jobs, { progress($0, total) }) { index in
                try Self.isDamaged(files[index].key, byteCount: named[files[index].key], in: store)
            }.map { files[$0].key })
        // What is damaged is no object any more, and told as that.
        let check = ContentCheck(objects: store, content: content)
        let otherContents = Set(
            try await Self.each(outputByteCounts, jobs, { progress(hashedCount + $0, total) }) { index in
                try check.finding(on: outputs[index]) == .otherContent
            }.map { outputs[$0] })
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
            if let other = entry.result.outputs.first(where: { $0.contradictsItself || otherContents.contains($0) }) {
                if try Self.setAside(file) {
                    findings.append(Finding(key: key, fault: .otherContent(output: other.name)))
                }
                continue
            }
            for output in entry.result.outputs {
                if let fault = Self.fault(of: output, damaged, survey) {
                    findings.append(Finding(key: key, fault: fault))
                }
            }
        }
        objectCount = files.count
        byteCount = hashedCount
        resultCount = survey.stores.results.count
        self.findings = findings
    }

    private static func fault(of output: Artifact, _ damaged: Set<Digest>, _ survey: CacheSurvey) -> Fault? {
        if damaged.contains(output.object) { return .damagedObject(output.object) }
        guard let file = survey.stores.objects[output.object] else { return .absentOutput(output.name) }
        return file.status.byteCount == output.byteCount ? nil : .otherLength(output: output.name)
    }

    /// The outputs whose content is something else than their bytes, each once, in the order of their objects.
    private static func canonicalOutputs(in survey: CacheSurvey) -> [Artifact] {
        let all = survey.results.values.lazy.flatMap(\.result.outputs)
        return Set(all.filter { $0.canonicalFormat != nil && survey.stores.objects[$0.object] != nil })
            .sorted { ($0.object, $0.name) < ($1.object, $1.name) }
    }

    /// The numbers of which something is true, found by several tasks at once.
    ///
    /// - Parameter progress: is told the bytes of those that are done.
    private static func each(
        _ byteCounts: [Int], _ jobs: Int, _ progress: (_ byteCount: Int) -> Void,
        where isTrue: @escaping @Sendable (Int) throws -> Bool
    ) async throws -> [Int] {
        try await withThrowingTaskGroup(of: (index: Int, isTrue: Bool).self) { group in
            var found: [Int] = []
            var next = 0
            var byteCount = 0
            func start() {
                guard next < byteCounts.count else { return }
                let index = next
                next += 1
                group.addTask { (index, try isTrue(index)) }
            }
            for _ in 0..<max(1, jobs) { start() }
            while let (index, isTrue) = try await group.next() {
                try Task.checkCancellation()
                start()
                if isTrue { found.append(index) }
                byteCount += byteCounts[index]
                progress(byteCount)
            }
            return found
        }
    }

    /// An object that went meanwhile is nobody's fault; one that cannot be read is as bad as a damaged one.
    ///
    /// - Parameter byteCount: the length that a result says; `nil` where no result names the object.
    private static func isDamaged(
        _ object: Digest, byteCount: Int?, in store: FileObjectStore
    ) throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try store.verifiedFile(of: object, byteCount: byteCount)
            return false
        } catch {
            switch error {
            case .damaged: return true
            case .absent: return false
            case .cannot, .changing, .interrupted, .link: throw error
            }
        }
    }

    /// Moves a damaged result to where nothing looks for it; `false` where it went or was written anew meanwhile.
    private static func setAside(_ file: StoreListing.File) throws(StoreError) -> Bool {
        guard try Files.status(file.path) == file.status else { return false }
        let shelf = file.path.folder
        let damaged = shelf.folder.appending("damaged")
        try Files.makeFolder(damaged, replacesOthers: true)
        let name = (shelf.name?.string ?? "") + (file.path.name?.string ?? "")
        try Files.rename(file.path, to: Files.temporarySibling(of: damaged.appending(name)))
        return true
    }
}

extension CacheVerification.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damagedObject(let digest): "object \(digest.abbreviated) is damaged, and was set aside"
        case .otherContent(let output):
            "its output '\(output)' has another content than its result says, which was set aside"
        case .damagedResult: "its result is damaged, and was set aside"
        case .absentOutput(let output): "its output '\(output)' is absent"
        case .otherLength(let output): "its output '\(output)' has another length than its result says"
        }
    }
}
