// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The promises about what runs, kept by the program as a user starts it, each stage a process of its own.
@Suite struct PipelineTests {
    private func project() throws -> CommandLineProject {
        try CommandLineProject(["tiny.yml": TinyPipeline.manifest])
    }

    @Test func `a first run runs everything, a second nothing`() throws {
        let project = try project()
        let first = try project.reprise("run", "tiny.yml")
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.output.contains("7 of 7 stages ran"))
        let second = try project.reprise("run", "tiny.yml")
        #expect(second.code == 0)
        #expect(second.output.contains("Nothing to do: all 7 stages are up to date."))
        #expect(second.errors == "")
    }

    @Test func `deviations that are lost or damaged are made again, and never taken for good ones`() throws {
        let project = try project()
        try project.edit("tiny.yml", "value: 10.0", "value: 90.0")
        #expect(try project.reprise("run", "tiny.yml").code == 3)
        let shown = try project.reprise("show", "tiny.yml", "compare", "--json").output
        let object = try #require(try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any])
        let outputs = try #require(object["outputs"] as? [String: [String: Any]])
        let digest = try #require(outputs["deviations"]?["object"] as? String)
        let file = "cache/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"
        let path = project.folder.appendingPathComponent(file)
        for command in ["run", "report"] {
            var bytes = try Data(contentsOf: path)
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(at: path)
            try project.write(bytes, to: file)
            #expect(try project.reprise(command, "tiny.yml").code == 3, "damaged, \(command)")
            #expect(try project.reprise(command, "tiny.yml").code == 3, "mended, \(command)")
            try FileManager.default.removeItem(at: path)
            #expect(try project.reprise(command, "tiny.yml").code == 3, "lost, \(command)")
            #expect(FileManager.default.fileExists(atPath: path.path), "made again by \(command)")
        }
    }

    @Test func `another learning rate runs train, evaluate and compare, and why says so`() throws {
        let project = try project()
        try project.reprise("run", "tiny.yml", "-q")
        try project.edit("tiny.yml", "learning-rate: 0.001", "learning-rate: 0.0001")
        let why = try project.reprise("why", "tiny.yml", "train")
        #expect(
            why.output == """
                stage 'train' must run:
                  setting 'learning-rate' changed 0.001 -> 0.0001

                """)
        #expect(
            try project.outcomes("run", "tiny.yml", "-q") == [
                "synthesize": "hit", "split": "hit", "augment": "hit", "patches": "hit", "train": "ran",
                "evaluate": "ran", "compare": "ran",
            ])
    }

    @Test func `a comment and another name of a stage run nothing`() throws {
        let project = try project()
        try project.reprise("run", "tiny.yml", "-q")
        try project.edit("tiny.yml", "reprise: 1", "# a remark\nreprise: 1")
        try project.edit("tiny.yml", "  patches:\n    tool: patches", "  cut:\n    tool: patches")
        try project.edit("tiny.yml", "{patches: patches,", "{patches: cut,")
        #expect(Set(try project.outcomes("run", "tiny.yml", "-q").values) == ["hit"])
    }

    @Test func `two fresh caches in two folders, with one thread and with two, hold the same content`() throws {
        let (one, two) = (try project(), try project())
        try one.reprise("lock", "tiny.yml", "--threads", "1", "-q")
        try two.reprise("lock", "tiny.yml", "--threads", "2", "--jobs", "1", "-q")
        let lock = try one.text("tiny.lock")
        #expect(lock.contains("stage train"))
        #expect(try two.text("tiny.lock") == lock)
        try two.write(Data(lock.utf8), to: "tiny.lock")
        let check = try two.reprise("check", "tiny.yml", "--cache", "another", "--threads", "3", "-q")
        #expect(check.output == "identical: 7 stages have the content of ./tiny.lock\n")
        #expect(check.code == 0)
    }

    @Test func `a check names the first stage whose content differs and ends with 3`() throws {
        let project = try project()
        try project.reprise("lock", "tiny.yml", "-q")
        try project.edit("tiny.yml", "settings: {scale: 3, stride: 2}", "settings: {scale: 3, stride: 3}")
        let check = try project.reprise("check", "tiny.yml", "-q")
        #expect(check.code == 3)
        #expect(
            check.output.hasPrefix("stage 'patches' differs from ./tiny.lock: its output 'patches' has the content"))
    }

    @Test func `results can be shown, exported and reported`() throws {
        let project = try project()
        try project.reprise("run", "tiny.yml", "-q")
        let model = try project.reprise("show", "tiny.yml", "train/model", "-q")
        #expect(model.output.contains("3,937 weights"), "the paper's count for FSRCNN-s: \(model.output)")
        let exported = try project.reprise("export", "tiny.yml", "evaluate", "--to", "out", "-q")
        #expect(exported.output == "out/picture.png\nout/predictions.h5\nout/scores.json\nout/table.csv\n")
        #expect(try project.text("out/table.csv").hasPrefix("dataset,scale,image,model,protocol,metric,value\nTiny,3,"))
        let report = try project.reprise("report", "tiny.yml", "--json", "-q")
        let object = try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any]
        #expect((object?["deviations"] as? [[String: Any]])?.first?["verdict"] as? String == "exceeds")
        #expect(try project.reprise("log", "tiny.yml", "train").code == 0)
    }

    @Test func `an exported model is imported as the same model, from each of its files`() throws {
        let project = try project()
        let exported = try project.reprise(
            "export", "tiny.yml", "train", "--to", "out", "--safetensors", "--onnx", "-q")
        #expect(
            exported.output == "out/log.h5\nout/model.h5\nout/model.safetensors\nout/model.onnx\n")
        try project.write(
            Data(
                """
                reprise: 1
                sources:
                  hdf5: {path: model.h5}
                  safetensors: {path: model.safetensors}
                stages:
                  one: {tool: import-weights, inputs: hdf5}
                  two: {tool: import-weights, inputs: safetensors}
                """.utf8), to: "back.yml")
        let ran = try project.reprise("run", "back.yml", "--data", "out", "-q")
        #expect(ran.code == 0, "\(ran.errors)")
        let contents = try ["one", "two"].map { stage in
            let shown = try project.reprise("show", "back.yml", stage, "--data", "out", "-q").output
            return shown.components(separatedBy: "content ").dropFirst().first
        }
        #expect(contents[0] != nil && contents[0] == contents[1])
    }

    @Test func `images exported as PNG files are read back as the same images`() throws {
        let project = try project()
        let exported = try project.reprise("export", "tiny.yml", "synthesize", "--to", "out", "--png", "-q")
        let names = (1...6).map { "out/images/synthetic-00\($0).png" }
        #expect(exported.output == (["out/images.h5"] + names).map { $0 + "\n" }.joined())
        try project.write(
            Data(
                """
                reprise: 1
                sources:
                  pictures: {path: images}
                stages:
                  images: {tool: images, inputs: pictures}
                """.utf8), to: "back.yml")
        func content(_ stage: String, _ arguments: String...) throws -> String? {
            let output = try project.run(["run"] + arguments + ["-q", "--json"], environment: [:]).output
            let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            let stages = object?["stages"] as? [[String: Any]]
            let outputs = stages?.first { $0["name"] as? String == stage }?["outputs"] as? [String: [String: Any]]
            return outputs?["images"]?["content"] as? String
        }
        let original = try content("synthesize", "tiny.yml", "synthesize")
        #expect(original != nil)
        #expect(try content("images", "back.yml", "--data", "out") == original)
    }

    @Test func `a killed run is taken up where it was and ends with the same content`() throws {
        let (killed, whole) = (try project(), try project())
        try whole.reprise("lock", "tiny.yml", "-q")
        for wait in [0.15, 0.4, 0.8] { try killed.startAndKill("run", "tiny.yml", "-q", after: wait) }
        try killed.reprise("lock", "tiny.yml", "-q")
        #expect(try killed.text("tiny.lock") == whole.text("tiny.lock"))
        let left = try FileManager.default.contentsOfDirectory(
            atPath: killed.folder.appendingPathComponent("cache/work").path)
        #expect(left == [], "a finished run leaves no work behind")
    }
}

extension CommandLineProject {
    /// Starts a run and ends it with SIGKILL, as when the power goes.
    func startAndKill(_ arguments: String..., after seconds: Double) throws {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        Thread.sleep(forTimeInterval: seconds)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilEnded()
    }
}
