// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a user reads on stderr, whole, and the exit code, for each kind of bad input that needs the program to be met.
@Suite struct BadInputTests {
    private static let images = """
        reprise: 1
        sources:
          photos: {path: photos, role: train}
        stages:
          images: {tool: images, inputs: {files: photos}}
          patches: {tool: patches, inputs: {images: images}, settings: {scale: 3}}

        """

    private func check(
        _ files: [String: String], _ arguments: [String] = ["run", "p.yml", "-q"], code: Int32, _ expected: String,
        location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let project = try CommandLineProject(files)
        let outcome = try project.reprise(list: arguments)
        let errors = outcome.errors.replacingOccurrences(of: project.folder.path, with: "HERE")
        #expect(errors == expected, sourceLocation: location)
        #expect(outcome.code == code, sourceLocation: location)
    }

    @Test func `a missing data set says where it was looked for and how to name another`() throws {
        try check(
            ["p.yml": Self.images], code: 2,
            """
            error: p.yml:3:18: source 'photos' is not there
                photos: {path: photos, role: train}
                               ^^^^^^
              looked for: data/photos
            hint: name the folder that holds 'photos' with --data DIR or REPRISE_DATA

            """)
    }

    @Test func `an empty folder is told`() throws {
        try check(
            ["p.yml": Self.images, "data/photos/.hidden": ""], code: 2,
            """
            error: p.yml:3:18: source 'photos' holds no files
                photos: {path: photos, role: train}
                               ^^^^^^
              looked in: data/photos
            hint: name another data folder with --data DIR or REPRISE_DATA

            """)
    }

    @Test func `a file that is no image fails its stage with the file and the manifest's line`() throws {
        try check(
            ["p.yml": Self.images, "data/photos/notes.txt": "hello"], code: 1,
            """
            error: p.yml:5:42: stage 'images' failed: cannot read the image 'data/photos/notes.txt': \
            not a PNG or BMP file: it begins with 'hello'
                images: {tool: images, inputs: {files: photos}}
                                                       ^^^^^^
            hint: a source's 'files: "*.png"' leaves other files out

            """)
    }

    @Test func `an image that ends too early is told`() throws {
        let header = String(decoding: [0x42, 0x4d, 0x20, 0x00], as: UTF8.self)
        try check(
            ["p.yml": Self.images, "data/photos/a.bmp": header], code: 1,
            """
            error: p.yml:5:42: stage 'images' failed: cannot read the image 'data/photos/a.bmp': \
            the file ends too early
                images: {tool: images, inputs: {files: photos}}
                                                       ^^^^^^
            hint: a source's 'files: "*.png"' leaves other files out

            """)
    }

    @Test func `an image smaller than a patch is told`() throws {
        let manifest = """
            reprise: 1
            stages:
              small: {tool: synthesize, settings: {count: 1, height: 20, width: 60}}
              patches: {tool: patches, inputs: {images: small}, settings: {scale: 3}}

            """
        try check(
            ["p.yml": manifest], code: 1,
            """
            error: p.yml:4:45: stage 'patches' failed: image 'synthetic-001' is 60x20 pixels, and a patch of \
            11 LR pixels at x3 needs 33x33
                patches: {tool: patches, inputs: {images: small}, settings: {scale: 3}}
                                                          ^^^^^
            hint: leave it out, use a smaller 'input', or augment with larger scales

            """)
    }

    @Test func `a scale that is not supported is told before anything runs`() throws {
        try check(
            ["p.yml": Self.images.replacingOccurrences(of: "scale: 3", with: "scale: 5")], code: 2,
            """
            error: p.yml:6:72: setting 'scale' of tool 'patches' takes 2, 3 or 4, not 5
                patches: {tool: patches, inputs: {images: images}, settings: {scale: 5}}
                                                                                     ^

            """)
    }

    @Test func `a path from a test set to a learner is an error with the path printed`() throws {
        let manifest = """
            reprise: 1
            sources:
              set5: {path: Set5, role: test}
            stages:
              images: {tool: images, inputs: {files: set5}}
              patches: {tool: patches, inputs: {images: images}, settings: {scale: 3}}
              train: {tool: train, inputs: {patches: patches}, settings: {steps: 1}}

            """
        try check(
            ["p.yml": manifest], ["validate", "p.yml"], code: 2,
            """
            error: p.yml:7:42: stage 'train' learns from a test set through its input 'patches'
                train: {tool: train, inputs: {patches: patches}, settings: {steps: 1}}
                                                       ^^^^^^^
              path: source 'set5' (test) -> stage 'images' -> stage 'patches' -> stage 'train'
            hint: use a part of the training images as validation set; a stage that only measures does not learn

            """)
    }

    @Test func `a pipeline that is not there is told`() throws {
        try check(
            [:], ["run", "nothing.yml"], code: 2,
            """
            error: there is no pipeline 'nothing.yml'
            hint: PIPELINE is a manifest, or a folder that holds 'pipeline.yml'

            """)
    }

    @Test func `an unknown name for --set and an unknown stage are told`() throws {
        let manifest = "reprise: 1\nsettings: {size: 20}\nstages:\n  sum: {tool: synthesize, settings: {count: 1}}\n"
        let project = try CommandLineProject(["p.yml": manifest])
        let set = try project.reprise("run", "p.yml", "--set", "sise=3")
        #expect(set.code == 2)
        #expect(set.errors.contains("did you mean 'size'?"), "\(set.errors)")
        let stage = try project.reprise("why", "p.yml", "summ")
        #expect(stage.code == 2)
        #expect(stage.errors == "error: the pipeline 'p' has no stage 'summ'\nhint: did you mean 'sum'?\n")
    }

    @Test func `a cache that cannot be made is the disk's fault`() throws {
        let manifest = "reprise: 1\nstages:\n  s: {tool: synthesize, settings: {count: 1}}\n"
        try check(
            ["p.yml": manifest, "blocked": "a file"], ["run", "p.yml", "-q", "--cache", "blocked/cache"], code: 4,
            "error: cannot make the folder 'blocked/cache': not a directory\n")
    }

    @Test func `a stage with run tells its last words and its exit code`() throws {
        let manifest = """
            reprise: 1
            stages:
              broken:
                run: sh fail.sh
                code: [fail.sh]
                outputs: {text: out.txt}

            """
        try check(
            ["p.yml": manifest, "fail.sh": "echo first\necho second >&2\nexit 7\n"], code: 1,
            """
            error: p.yml:3:3: stage 'broken' failed: its command ended with exit code 7
                broken:
                ^^^^^^
            last lines of its log ('reprise log p.yml broken' shows all):
              first
              second

            """)
    }

    private static let lacking = """
        reprise: 1
        sources: {words: {path: words.txt}}
        stages:
          a:
            run: nosuchprog nofile.py ${inputs.words}
            inputs: {words: words}
            code: [nofile.py]
            programs: [nosuchprog]
            outputs: {text: out.txt}
          b:
            foreach: [1, 2]
            run: sh x.sh ${item}
            code: ["lib/*.sh"]
            outputs: {text: out.txt}

        """

    private static let lackingFromTheProject = [
        """
        error: p.yml:7:12: there is no file 'nofile.py'
              code: [nofile.py]
                     ^^^^^^^^^
          looked for: ./nofile.py
        hint: code is looked up beside the manifest

        """,
        """
        error: p.yml:8:16: there is no program 'nosuchprog'
              programs: [nosuchprog]
                         ^^^^^^^^^^
        hint: programs are looked up in PATH, and those with a '/' beside the manifest

        """,
        """
        error: p.yml:13:12: no file fits 'lib/*.sh'
              code: ["lib/*.sh"]
                     ^^^^^^^^^^
          looked in: .
        hint: code is looked up beside the manifest; hidden files, caches and compiled Python do not count

        """,
    ]

    @Test func `validate looks up code and programs, and no data`() throws {
        try check(
            ["p.yml": Self.lacking], ["validate", "p.yml"], code: 2,
            (Self.lackingFromTheProject + ["3 mistakes in p.yml\n"]).joined(separator: "\n"))
    }

    @Test func `plan and run tell sources, code and programs that are missing together`() throws {
        let source = """
            error: p.yml:2:25: source 'words' is not there
              sources: {words: {path: words.txt}}
                                      ^^^^^^^^^
              looked for: data/words.txt
            hint: name the folder that holds 'words.txt' with --data DIR or REPRISE_DATA

            """
        for command in ["plan", "run"] {
            try check(
                ["p.yml": Self.lacking], [command, "p.yml"], code: 2,
                ([source] + Self.lackingFromTheProject + ["4 mistakes in p.yml\n"]).joined(separator: "\n"))
        }
    }

    @Test func `a file that lies beside the manifest and is not named as code is told`() throws {
        let manifest = """
            reprise: 1
            stages:
              broken:
                run: sh go.sh
                code: [go.sh]
                outputs: {text: out.txt}

            """
        func errors(_ script: String, _ files: [String: String]) throws -> String {
            let project = try CommandLineProject(files.merging(["pipeline.yml": manifest, "go.sh": script]) { $1 })
            let outcome = try project.reprise("run", ".", "-q", "--cache", "other cache")
            #expect(outcome.code == 1)
            return outcome.errors
        }
        func hint(_ name: String) -> String {
            "hint: '\(name)' lies beside the manifest; what 'code' does not name, the command does not find\n"
        }
        let words = try errors("cat lib/words.txt", ["lib/words.txt": "a"])
        #expect(words.hasSuffix(hint("lib/words.txt")), "\(words)")
        #expect(words.contains("('reprise log . broken --cache \"other cache\"' shows all)"), "\(words)")
        #expect(try errors("./other.sh", ["other.sh": ""]).hasSuffix(hint("other.sh")))
        let module = "echo \"ModuleNotFoundError: No module named 'nets.deep'\"; exit 1"
        #expect(try errors(module, ["nets/deep.py": ""]).hasSuffix(hint("nets/deep.py")))
        #expect(try errors(module, ["nets/deep/__init__.py": ""]).hasSuffix(hint("nets/deep/__init__.py")))
        #expect(try !errors(module, [:]).contains("hint:"))
        #expect(try !errors("cat go.sh; echo go.sh: No such file or directory; exit 1", [:]).contains("hint:"))
    }

    @Test func `a command that there is none of is told with the nearest`() throws {
        try check(
            [:], ["runn", "."], code: 2, "error: 'reprise' has no command 'runn'\nhint: did you mean 'run'?\n")
        try check(
            [:], ["cache", "stat"], code: 2,
            "error: 'reprise cache' has no command 'stat'\nhint: did you mean 'stats'?\n")
        try check(
            [:], ["paint"], code: 2,
            "error: 'reprise' has no command 'paint'\nhint: 'reprise --help' lists them\n")
    }

    @Test func `a run that goes on after failures ends with what became of its stages`() throws {
        let manifest = """
            reprise: 1
            stages:
              good: {shell: "echo a > ${outputs.o}", outputs: {o: o}}
              bad: {shell: "exit 1", outputs: {o: o}}
              worse: {shell: "exit 2", outputs: {o: o}}
              after: {run: "cp ${inputs.x} ${outputs.o}", inputs: {x: bad}, outputs: {o: o}}

            """
        let project = try CommandLineProject(["pipeline.yml": manifest])
        let first = try project.reprise("run", ".", "-q", "--keep-going")
        #expect(first.code == 1)
        #expect(first.errors.hasSuffix("\n1 ran, 2 failed, 1 skipped\n"), "\(first.errors)")
        let second = try project.reprise("run", ".", "-q", "--keep-going")
        #expect(second.errors.hasSuffix("\n1 was up to date, 2 failed, 1 skipped\n"), "\(second.errors)")
    }

    @Test func `a plan of one stage says so`() throws {
        let manifest = "reprise: 1\nstages: {s: {shell: 'echo a > ${outputs.o}', outputs: {o: o}}}\n"
        let project = try CommandLineProject(["pipeline.yml": manifest])
        #expect(try project.reprise("plan", ".").output.hasSuffix("\n\nThe stage must run.\n"))
        try project.reprise("run", ".", "-q")
        #expect(
            try project.reprise("plan", ".").output.hasSuffix("\n\nNothing to do: the stage is up to date.\n"))
    }

    @Test func `validate prints its mistakes as JSON`() throws {
        let project = try CommandLineProject([
            "p.yml": "reprise: 1\nstages:\n  t: {tool: trian}\n  u: {run: a, code: [b c], outputs: {o: o}}\n"
        ])
        let outcome = try project.reprise("validate", "p.yml", "--json")
        #expect(outcome.code == 2)
        #expect(outcome.errors == "")
        #expect(
            outcome.output == #"{"mistakes":[{"code":"unknown-tool","column":13,"details":[],"file":"p.yml","#
                + #""hint":"did you mean 'train'?","length":5,"line":3,"message":"no tool is called 'trian'"},"#
                + #"{"code":"missing-source","column":22,"details":["looked for: ./b c"],"file":"p.yml","#
                + #""hint":"code is looked up beside the manifest","length":3,"line":4,"#
                + #""message":"there is no file 'b c'"}],"schema":1}"# + "\n")
        try project.edit("p.yml", "trian", "trine")
        try project.write(Data("reprise: 1\nstages: {s: {tool: synthesize, settings: {count: 1}}}\n".utf8), to: "p.yml")
        let whole = try project.reprise("validate", "p.yml", "--json")
        #expect(whole.code == 0)
        #expect(whole.output == "{\"mistakes\":[],\"schema\":1}\n")
    }

    @Test func `check tells CI of mistakes in a manifest`() throws {
        let project = try CommandLineProject(["p.yml": "reprise: 1\nstages:\n  t: {tool: trian}\n"])
        let arguments = ["check", "p.yml", "--junit", "j.xml", "--markdown", "m.md"]
        let outcome = try project.run(arguments, environment: ["GITHUB_ACTIONS": "true"])
        #expect(outcome.code == 2)
        #expect(
            outcome.output
                == "::error file=p.yml,line=3,col=13,title=unknown-tool::no tool is called 'trian'%0A"
                + "hint: did you mean 'train'?\n")
        #expect(outcome.errors.hasPrefix("error: p.yml:3:13: no tool is called 'trian'\n"))
        #expect(
            try project.text("j.xml") == """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites tests="1" failures="0" errors="1" skipped="0">
                  <testsuite name="check of p.yml" tests="1" failures="0" errors="1" skipped="0">
                    <testcase classname="p.yml" name="p.yml:3:13">
                      <error type="unknown-tool" message="no tool is called 'trian'&#10;hint: did you mean 'train'?"/>
                    </testcase>
                  </testsuite>
                </testsuites>

                """)
        #expect(
            try project.text("m.md") == """
                ## p.yml: failed

                The manifest has mistakes, so nothing was run or compared.

                | place | mistake | hint |
                | --- | --- | --- |
                | p.yml:3:13 | no tool is called 'trian' | did you mean 'train'? |

                """)
        #expect(try project.run(arguments, environment: [:]).output == "")
    }
}

extension CommandLineProject {
    func reprise(list arguments: [String]) throws -> Outcome { try run(arguments, environment: [:]) }
}
