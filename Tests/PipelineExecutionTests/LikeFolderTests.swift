// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelinePlanning
import SystemPackage
import Testing

/// Files with the very bytes that stand for a folder in keys, read by a command that tells files and folders apart.
struct LikeFolderTests {
    private static func manifest(made: String, format: String) -> String {
        """
        reprise: 1
        sources: {what: {path: what}}
        stages:
          made:
            shell: "\(made)"
            outputs: {o: {path: o, format: \(format)}}
          kind:
            shell: "if [ -d ${inputs.x} ]; then echo folder; else echo file; fi > ${outputs.o}"
            inputs: {x: made/o}
            outputs: {o: o}
          source:
            shell: "if [ -d ${inputs.x} ]; then echo folder; else echo file; fi > ${outputs.o}"
            inputs: {x: what}
            outputs: {o: o}

        """
    }

    @Test(arguments: ["mkdir outputs/o; printf text >outputs/o/a", "mkdir outputs/o"])
    func `a file with the bytes of a packed folder is not taken for the folder`(folder: String) async throws {
        try await Project.with(Self.manifest(made: folder, format: "folder")) { project in
            try project.write("x", to: "data/what")
            let first = try await project.run(["kind"])
            #expect(first.outcome.failures.isEmpty, "\(first.outcome.failures)")
            #expect(try project.text(of: "kind", "o", in: first) == "folder\n")
            let packed = try project.object(of: "made", "o", in: first)
            #expect(first.outcome.results["made"]?.outputs.first?.isLikeFolder == false)
            try Files.copy(packed, toNew: project.path("packed"))
            try project.write(
                Self.manifest(made: "cp \(project.path("packed").string) outputs/o", format: "file"), to: "p.yml")
            let second = try await project.run(["kind"])
            #expect(second.ran == ["made", "kind"])
            #expect(try project.text(of: "kind", "o", in: second) == "file\n")
            #expect(second.reason("kind")?.contains("input 'x' changed ") == true)
            #expect(second.reason("kind")?.contains(" -> file ") == true)
            // What the result says of the file is read back.
            #expect(try await project.run(["kind"]).ran == [])
        }
    }

    @Test func `a file with the bytes that a source's folder is the digest of is not taken for the folder`()
        async throws
    {
        try await Project.with(Self.manifest(made: "true >outputs/o", format: "file")) { project in
            try project.write("text", to: "data/what/a")
            let first = try await project.run(["source"])
            #expect(try project.text(of: "source", "o", in: first) == "folder\n")
            try Files.removeTree(project.path("data/what"))
            try project.write("reprise-folder 1\n\(Digest(ofText: "text")) \"a\"\n", to: "data/what")
            let second = try await project.run(["source"])
            #expect(second.ran == ["source"])
            #expect(try project.text(of: "source", "o", in: second) == "file\n")
        }
    }

    @Test(arguments: [
        ("", false), ("text", false), ("reprise-folder 1", false), ("reprise-folder 1\n", true),
        ("reprise-tensors 1\n", true), ("reprise-image 1 grey8 1 1\n", true), ("reprise-folder 2\n", false),
    ])
    func `what a file begins with decides`(text: String, isFound: Bool) async throws {
        try await Project.with { project in
            try project.write(text, to: "file")
            #expect(try FolderLikeness.isFound(inFileAt: project.path("file")) == isFound)
        }
    }

    @Test func `an archive counts where it is whole and has our headers`() async throws {
        try await Project.with { project in
            let archive = project.path("archive")
            try ArchiveWriter.write(
                [ArchiveInput(name: String(repeating: "é", count: 80), content: .bytes([1]))], to: archive)
            let bytes = try Files.bytes(of: archive)
            func isFound(_ bytes: [UInt8]) throws -> Bool {
                try Files.replace(archive, with: bytes)
                return try FolderLikeness.isFound(inFileAt: archive)
            }
            #expect(try isFound(bytes))
            #expect(try !isFound(bytes.dropLast(1024)))
            var other = bytes
            other[100 + 4] = UInt8(ascii: "7")
            #expect(try !isFound(other))
            #expect(try isFound([UInt8](repeating: 0, count: 1024)))
            #expect(try !isFound([UInt8](repeating: 0, count: 512)))
            #expect(try !isFound([UInt8](repeating: 0, count: 1024) + [1]))
        }
    }
}
