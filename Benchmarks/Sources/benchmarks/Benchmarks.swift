// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Measures Reprise beside its peers and prints tables: `benchmarks
/// [training|inference|patches|memory|imaging|runner|hashing]...`.
@main
enum Benchmarks {
    private enum Section: String, CaseIterable {
        case training, inference, patches, memory, imaging, runner, hashing
    }

    static func main() {
        // A peer's script that dies is an error to be told, not the end.
        signal(SIGPIPE, SIG_IGN)
        do {
            let sections = try chosenSections()
            let workplace = try Workplace()
            defer { workplace.folder.remove() }
            print(workplace.summary)
            fflush(nil)
            for section in sections {
                complain("\(section.rawValue)...")
                try run(section, workplace)
            }
        } catch {
            complain("error: \(error)")
            exit(1)
        }
    }

    private static func chosenSections() throws -> [Section] {
        let names = CommandLine.arguments.dropFirst()
        return names.isEmpty
            ? Section.allCases
            : try names.map { name in
                guard let section = Section(rawValue: name) else { throw BenchmarkError.noBenchmark(name) }
                return section
            }
    }

    private static func run(_ section: Section, _ workplace: Workplace) throws {
        switch section {
        case .training: return TrainingBenchmark(workplace).run()
        case .inference: return try InferenceBenchmark(workplace).run()
        case .imaging: return ImagingBenchmark(workplace).run()
        case .patches, .memory, .runner, .hashing: break
        }
        guard let reprise = workplace.reprise else {
            return print("\n\(section.rawValue): not measured, Reprise is not built ('make build' builds it)")
        }
        switch section {
        case .patches: try PatchesBenchmark(workplace, reprise).run()
        case .memory: try MemoryBenchmark(workplace, reprise).run()
        case .runner: try RunnerBenchmark(workplace, reprise).run()
        default: try HashingBenchmark(workplace, reprise).run()
        }
    }

    /// A line on standard error.
    private static func complain(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
