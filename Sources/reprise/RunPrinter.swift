// SPDX-License-Identifier: Apache-2.0

import PipelineExecution
import PipelineManifest
import PipelinePlanning
import Reporting
import Synchronization

/// Tells a run on stderr: on a terminal one line that keeps moving below the lines of what ended, elsewhere plain
/// lines.
final class RunPrinter: RunObserver {
    private struct State {
        var stageCount = 0
        /// When each running stage began, and how far it is.
        var running: [(stage: String, position: Int, start: ContinuousClock.Instant, progress: StageProgress?)] = []
        var lastDrawn: ContinuousClock.Instant?
        var hasLine = false
        /// Redraws the line of a stage that does not tell how far it is; on a terminal, from the first stage on.
        var ticking: Task<Void, Never>?
    }

    /// Between two looks at whether a line must be drawn although nobody told anything.
    private static let tick = Duration.seconds(1)

    private let isQuiet: Bool
    private let isVerbose: Bool
    private let terminal: Terminal
    /// What stages took before; asked for where a line says so.
    private let expectedSeconds: @Sendable () -> [String: Double]
    private let state = Mutex(State())

    init(
        isQuiet: Bool, isVerbose: Bool, terminal: Terminal, expectedSeconds: @escaping @Sendable () -> [String: Double]
    ) {
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
        self.terminal = terminal
        self.expectedSeconds = expectedSeconds
    }

    var wantsLines: Bool { isVerbose && !isQuiet }

    func observe(_ event: RunEvent) {
        if isQuiet { return }
        state.withLock { observe(event, &$0) }
    }

    /// Takes the moving line away.
    func finish() {
        state.withLock {
            $0.ticking?.cancel()
            $0.ticking = nil
            clear(&$0)
        }
    }

    private func observe(_ event: RunEvent, _ state: inout State) {
        switch event {
        case .began(let count):
            state.stageCount = count
        case .upToDate(let stage, let position):
            if isVerbose { say("\(place(position, state)) \(stage)  up to date", &state) }
        case .started(let stage, let position, let reasons):
            state.running.append((stage, position, .now, nil))
            let why = reasons.text
            say("\(place(position, state)) \(stage)  \(why)", &state)
            if terminal.isTerminal, state.ticking == nil { state.ticking = ticking() }
        case .waitsForOther(let stage):
            say("      \(stage)  waits for another run that is at it", &state)
        case .progressed(let stage, _, let progress):
            guard let index = state.running.firstIndex(where: { $0.stage == stage }) else { return }
            state.running[index].progress = progress
            draw(index, &state)
        case .printed(let stage, let line):
            say("      \(stage) | \(line)", &state)
        case .failedAttempt(let stage, let position, let failure, let attempt, let seconds):
            let next = "attempt \(attempt + 1) in \(DurationText(seconds: seconds))"
            say("\(place(position, state)) \(stage)  attempt \(attempt) failed: \(failure.message); \(next)", &state)
        case .ended(let record, let position):
            state.running.removeAll { $0.stage == record.stage }
            say("\(place(position, state)) \(record.stage)  \(ending(record))", &state)
        }
    }

    private func ending(_ record: StageRecord) -> String {
        switch record.outcome {
        case .ran: "done in \(DurationText(seconds: record.seconds))"
        case .hit: record.reason
        case .failed where record.reason == StageFailure.interrupted.message: "interrupted"
        case .failed: "failed: \(record.reason)"
        case .skipped: "skipped"
        }
    }

    private func place(_ position: Int, _ state: State) -> String { "[\(position)/\(state.stageCount)]" }

    private func say(_ line: String, _ state: inout State) {
        clear(&state)
        terminal.write(visibleLines(line) + "\n")
    }

    private func ticking() -> Task<Void, Never> {
        Task.detached { [weak self] in
            while (try? await Task.sleep(for: Self.tick)) != nil { self?.drawSilent() }
        }
    }

    /// Draws the stage that has been running longest of those that do not tell how far they are, unless another one has
    /// just told.
    private func drawSilent() {
        state.withLock { state in
            guard state.ticking != nil, let index = state.running.firstIndex(where: { $0.progress == nil }) else {
                return
            }
            let (running, now) = (state.running[index], ContinuousClock.now)
            if let last = state.lastDrawn, now - last < Self.tick / 2 { return }
            state.lastDrawn = now
            show(
                ProgressText(
                    position: running.position, count: state.stageCount, stage: running.stage, counted: "", done: 0,
                    total: 0, elapsedSeconds: (now - running.start).roundedSeconds,
                    expectedSeconds: expectedSeconds()[running.stage]), &state)
        }
    }

    /// Redraws at most ten times a second on a terminal, and writes a line every half minute elsewhere.
    private func draw(_ index: Int, _ state: inout State) {
        let running = state.running[index]
        guard let progress = running.progress else { return }
        let pause: Duration = terminal.isTerminal ? .milliseconds(100) : .seconds(30)
        let now = ContinuousClock.now
        if let last = state.lastDrawn ?? (terminal.isTerminal ? nil : running.start), now - last < pause { return }
        state.lastDrawn = now
        let elapsed = (now - running.start).roundedSeconds
        let text = ProgressText(
            position: running.position, count: state.stageCount, stage: running.stage, counted: progress.counted,
            done: progress.done, total: progress.total, remark: progress.remark ?? "", elapsedSeconds: elapsed,
            secondsLeft: Self.secondsLeft(progress, elapsed: elapsed))
        show(text, &state)
    }

    private func show(_ text: ProgressText, _ state: inout State) {
        let line = text.line(width: terminal.isTerminal ? terminal.width - 1 : nil)
        if terminal.isTerminal {
            terminal.write("\r\u{1b}[2K" + line)
            state.hasLine = true
        } else {
            terminal.write(line + "\n")
        }
    }

    /// At the rate so far; `nil` until there is one.
    private static func secondsLeft(_ progress: StageProgress, elapsed: Double) -> Double? {
        guard progress.done > 0, progress.total >= progress.done else { return nil }
        return elapsed * Double(progress.total - progress.done) / Double(progress.done)
    }

    private func clear(_ state: inout State) {
        guard state.hasLine else { return }
        terminal.write("\r\u{1b}[2K")
        state.hasLine = false
    }
}
