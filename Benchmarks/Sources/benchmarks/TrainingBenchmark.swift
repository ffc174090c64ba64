// SPDX-License-Identifier: Apache-2.0

import Tensors
import Training

/// One step of training FSRCNN(56,12,4) x3, forward, backward and update, beside frameworks that do the same step.
///
/// Zero padding, labels of 3n pixels, squared error, Adam.
struct TrainingBenchmark {
    private let workplace: Workplace
    private let rounds = 5

    init(_ workplace: Workplace) { self.workplace = workplace }

    func run() {
        for threads in Set([workplace.threads, 1]).sorted(by: >) {
            let peers = Framework.allCases.map { Peer($0, workplace, threads: threads) }
            for batch in [Batch(size: 64, extent: 24, steps: 5), Batch(size: 128, extent: 7, steps: 25)] {
                measure(batch, threads, peers)
            }
        }
    }

    private func measure(_ batch: Batch, _ threads: Int, _ peers: [Peer]) {
        let peak = ProcessorPeak(workplace.level, threads: threads)
        let ours = OwnTraining(batch, workplace.level, threads: threads)
        var contestants = [
            Contestant(name: "FMA peak", seconds: { peak.seconds() }),
            Contestant(name: "Reprise", seconds: ours.seconds),
        ]
        contestants += peers.compactMap { peer in
            peer.session.map { session in
                Contestant(name: session.name, seconds: { try session.seconds(batch.question) })
            }
        }
        let standings = contestants.standings(rounds: rounds, patience: 6)
        var table = Table(
            "Training step, FSRCNN(56,12,4) x3, \(batch.size) patches of \(batch.extent)x\(batch.extent), "
                + (threads == 1 ? "1 thread" : "\(threads) threads"),
            columns: ["patches/s", "GFLOP/s", "of peak", "times"])
        let peakRates = standings[0].seconds.map { peak.operations / $0 }
        table.add("FMA peak", "", (peakRates.median.map { $0 / 1e9 }).brief, "100 %", "")
        for standing in standings.dropFirst() {
            add(standing, to: &table, batch, peakRates, ours: standings[1])
        }
        for peer in peers {
            if let reason = peer.absence { table.add(peer.framework.title, absent: reason) }
        }
        table.show()
    }

    private func add(
        _ standing: Standing, to table: inout Table, _ batch: Batch, _ peakRates: [Double], ours: Standing
    ) {
        if let failure = standing.failure { return table.add(standing.name, absent: failure) }
        let rates = standing.seconds.map { batch.operations / $0 }
        table.add(
            standing.name, standing.median.map { batch.patches / $0 }.brief, rates.median.map { $0 / 1e9 }.brief,
            zip(rates, peakRates).map { $0 / $1 }.median.percent, standing.times(ours).times)
    }
}

/// What one turn of the clock holds.
private struct Batch {
    let size, extent, steps: Int

    var patches: Double { Double(size * steps) }

    /// What `train_step.py` is asked.
    var question: String { "\(size) \(extent) \(steps)" }

    /// Floating-point operations of all steps, a multiply-add counted as two.
    ///
    /// A layer has as many multiply-adds as weights times LR pixels: once forward, once for the weights' gradient, once
    /// for the input's, which the first layer does not need. Biases, activations and the update are not counted.
    var operations: Double {
        let weights = NetworkDescription.fsrcnn(scale: 3).weightCount
        let firstLayer = 56 * 5 * 5
        return Double(6 * weights - 2 * firstLayer) * Double(extent * extent) * patches
    }
}

/// Our own step, on patches that lie in memory.
private final class OwnTraining {
    private let trainer: Trainer
    private let source: MemoryPatchSource
    private let steps: Int

    init(_ batch: Batch, _ level: SIMDLevel, threads: Int) {
        let network = Network(description: .fsrcnn(scale: 3, labelConvention: .scaled), seed: 1)
        let configuration = TrainingConfiguration(padding: .zero, batchSize: batch.size, steps: .max)
        trainer = Trainer(
            network: network, configuration: configuration, pool: WorkerPool(threads: threads), level: level)
        source = Self.patches(count: 4 * batch.size, extent: batch.extent)
        steps = batch.steps
    }

    func seconds() throws -> Double {
        if trainer.step == 0 { for _ in 0..<3 { try trainer.step(source) } }
        return try Stopwatch.seconds { for _ in 0..<steps { try trainer.step(source) } }
    }

    private static func patches(count: Int, extent: Int) -> MemoryPatchSource {
        var random = CounterRandom(seed: 1, purpose: RandomPurpose(rawValue: 1 << 20), sample: 0)
        func values(_ shape: Shape) -> Tensor {
            Tensor(shape: shape, values: (0..<shape.count).map { _ in Float(random.nextUniform()) })
        }
        return MemoryPatchSource(
            inputs: values([count, 1, extent, extent]), labels: values([count, 1, 3 * extent, 3 * extent]))
    }
}

/// The frameworks that `train_step.py` knows.
private enum Framework: String, CaseIterable {
    case torch, jax, tensorflow

    var title: String {
        switch self {
        case .torch: "PyTorch"
        case .jax: "JAX"
        case .tensorflow: "TensorFlow"
        }
    }
}

/// A framework with its session, or with the reason why there is none.
private struct Peer {
    let framework: Framework
    let session: PeerSession?
    let absence: String?

    init(_ framework: Framework, _ workplace: Workplace, threads: Int) {
        self.framework = framework
        do {
            session = try PeerSession(workplace, script: "train_step.py", [framework.rawValue, String(threads)])
            absence = nil
        } catch {
            session = nil
            absence = "\(error)"
        }
    }
}
