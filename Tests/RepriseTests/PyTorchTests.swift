// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The pipeline of pipelines/pytorch as the front page shows it, where python3, or what PYTHON names, has PyTorch.
@Suite struct PyTorchTests {
    private static let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "/usr/bin/python3"

    private static let hasPyTorch: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", "import h5py, torch"]
        process.standardError = FileHandle.nullDevice
        return (try? process.run()).map { process.waitUntilEnded() } != nil && process.terminationStatus == 0
    }()

    @Test(.enabled(if: hasPyTorch, "needs python3 with torch and h5py, or PYTHON that names one"))
    func `a PyTorch script trains between two tools, and its model is scored`() throws {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        var files: [String: String] = [:]
        for name in ["pipeline.yml", "train.py"] {
            files[name] = try String(
                contentsOf: repository.appendingPathComponent("pipelines/pytorch/\(name)"), encoding: .utf8)
        }
        let project = try CommandLineProject(files)
        let folder = URL(fileURLWithPath: Self.python).deletingLastPathComponent().path
        let environment = ["PATH": "\(folder):/usr/bin:/bin"]
        let ran = try project.reprise(
            "run", ".", "--set", "steps=30", "--json", "-q", environment: environment)
        #expect(ran.code == 0, "\(ran.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any]
        let models = (object?["scores"] as? [[String: Any]] ?? []).compactMap { $0["model"] as? String }
        #expect(Set(models) == ["bicubic", "FSRCNN-s by PyTorch"])
        #expect(try project.reprise("log", ".", "train", environment: environment).code == 0)
        let again = try project.outcomes("run", ".", "--set", "steps=30", "-q", environment: environment)
        #expect(Set(again.values) == ["hit"])
    }
}
