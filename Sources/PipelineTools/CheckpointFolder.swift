// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import SystemPackage
import TensorStore
import Tensors
import Training

/// All that a training needs to go on, bit for bit.
struct Checkpoint {
    let state: TrainerState
    let log: TrainingLog
    /// Sums since the last row of the log.
    let lossSum, normSum: Double
    /// Parameters of the best network so far, where one is kept.
    let best: [Parameter]?
    let bestPSNR: Double
    /// Where there is a validation loss to go by.
    let stopping: EarlyStopping?
}

/// Where a training leaves its checkpoints: the newest one, named by the digest of its bytes.
///
/// A checkpoint whose bytes do not fit its name was not wholly written before a crash; it is passed over, as if it were
/// not there.
struct CheckpointFolder {
    private let folder: FilePath

    init(_ folder: FilePath) {
        self.folder = folder
    }

    func save(_ checkpoint: Checkpoint) throws {
        try Files.makeFolder(folder)
        let temporary = Files.temporarySibling(of: folder.appending("new"))
        try checkpoint.write(to: temporary)
        let digest = try FileDigest(ofFileAt: temporary).digest
        let name = "\(digest).h5"
        // The older one goes only when this one is on the disk.
        try Files.sync(temporary)
        try Files.rename(temporary, to: folder.appending(name))
        try Files.sync(folder)
        for old in try Files.names(in: folder) where old != name { try Files.remove(folder.appending(old)) }
    }

    func latest() -> Checkpoint? {
        guard let names = try? Files.names(in: folder) else { return nil }
        let checkpoints = names.compactMap { name -> Checkpoint? in
            let path = folder.appending(name)
            guard name.hasSuffix(".h5"), let digest = Digest(hexadecimal: name.dropLast(3)),
                (try? FileDigest(ofFileAt: path).digest) == digest
            else { return nil }
            return try? Checkpoint(readingFrom: path)
        }
        return checkpoints.max { ($0.state.integers["step"] ?? 0) < ($1.state.integers["step"] ?? 0) }
    }
}

extension Checkpoint {
    fileprivate func write(to path: FilePath) throws {
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "checkpoint")
        for (name, value) in state.integers.sorted(by: { $0.key < $1.key }) {
            try file.setAttribute("integer.\(name)", .integer(value))
        }
        for (name, value) in state.numbers.sorted(by: { $0.key < $1.key }) {
            try file.setAttribute("number.\(name)", .number(value))
        }
        try stopping?.write(to: file)
        try file.write("loss-sum", [lossSum], shape: [1])
        try file.write("norm-sum", [normSum], shape: [1])
        try file.write("best-psnr", [bestPSNR], shape: [1])
        try log.write(to: file, prefix: "log/")
        for parameter in state.tensors { try file.write("state/\(parameter.name)", parameter.tensor) }
        for parameter in best ?? [] { try file.write("best/\(parameter.name)", parameter.tensor) }
        try file.close()
    }

    fileprivate init(readingFrom path: FilePath) throws {
        let file = try TensorFileReader(path: path.string)
        var integers: [String: Int] = [:]
        var numbers: [String: Double] = [:]
        for attribute in try file.attributes() {
            let name = attribute.name.drop { $0 != "." }.dropFirst()
            switch attribute.value {
            case .integer(let value) where attribute.name.hasPrefix("integer."): integers[String(name)] = value
            case .number(let value) where attribute.name.hasPrefix("number."): numbers[String(name)] = value
            default: continue
            }
        }
        func parameters(_ prefix: String) throws -> [Parameter] {
            try file.datasetNames.filter { $0.hasPrefix(prefix) }.map { dataset in
                Parameter(name: String(dataset.dropFirst(prefix.count)), tensor: try file.readTensor(dataset))
            }
        }
        let best = try parameters("best/")
        self.init(
            state: TrainerState(tensors: try parameters("state/"), integers: integers, numbers: numbers),
            log: try TrainingLog(readingFrom: file, prefix: "log/"),
            lossSum: try file.read("loss-sum", as: Double.self).first ?? 0,
            normSum: try file.read("norm-sum", as: Double.self).first ?? 0, best: best.isEmpty ? nil : best,
            bestPSNR: try file.read("best-psnr", as: Double.self).first ?? 0,
            stopping: try EarlyStopping(readingFrom: file))
    }
}

extension EarlyStopping {
    // Attributes `stopping-patience`, `stopping-delta`, `stopping-epochs`, `stopping-wait`, and `stopping-best` once
    // there is one.
    fileprivate func write(to file: TensorFileWriter) throws {
        try file.setAttribute("stopping-patience", .integer(patience))
        try file.setAttribute("stopping-delta", .number(leastImprovement))
        try file.setAttribute("stopping-epochs", .integer(epochs))
        try file.setAttribute("stopping-wait", .integer(wait))
        if best.isFinite { try file.setAttribute("stopping-best", .number(best)) }
    }

    /// Nil where the checkpoint has none.
    fileprivate init?(readingFrom file: TensorFileReader) throws {
        guard case .integer(let patience)? = try file.attribute("stopping-patience"), patience >= 0,
            case .number(let delta)? = try file.attribute("stopping-delta"), delta >= 0,
            case .integer(let epochs)? = try file.attribute("stopping-epochs"),
            case .integer(let wait)? = try file.attribute("stopping-wait")
        else { return nil }
        var best = Double.infinity
        if case .number(let value)? = try file.attribute("stopping-best") { best = value }
        self.init(patience: patience, leastImprovement: delta, epochs: epochs, best: best, wait: wait)
    }
}
