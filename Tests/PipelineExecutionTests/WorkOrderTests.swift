// SPDX-License-Identifier: Apache-2.0

import ContentStore
import PipelineExecution
import PipelineManifest
import SystemPackage
import Testing

struct WorkOrderTests {
    private static let toolOrder = #"""
        {"checkpoint":"/c/work/k/checkpoint","claims":[{"claim":"t3"}],"folder":"/c/work/k/attempt-1","inputs":[
        {"artifacts":[{"files":[{"name":"a b.png","path":"/d/a b.png"}],"format":"folder",
        "catalogue":{"name":"x2/HR","path":"/m/c.yml"}}],"list":false,"name":"files"},
        {"artifacts":[],"list":true,"name":"more"}],
        "outputs":[{"format":"training-log","name":"log","path":"/c/work/k/attempt-1/made/log"}],"schema":2,
        "settings":{"deep":false,"layers":[{"convolution":56,"kernel":5,"rate":1.0},{"relu":true}],
        "learning-rate":0.001,"sizes":[1,2.0]},"stage":"train","threads":2,"tool":"train",
        "toolVersion":4}
        """#
    private static let contentsOrder = #"""
        {"checkpoint":"/p","contents":true,"folder":"/f","inputs":[],
        "outputs":[{"format":"png","name":"o","path":"/f/command/outputs/o"}],"schema":2,"stage":"own","threads":1}
        """#

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(arguments: [toolOrder, contentsOrder])
    func `an order is read back from its JSON`(text: String) throws {
        let json = try json(text)
        let order = try WorkOrder(json: json)
        #expect(order.json == json)
        #expect(try WorkOrder(json: order.json) == order)
    }

    @Test func `an order says what it holds`() throws {
        let order = try WorkOrder(json: json(Self.toolOrder))
        #expect(order.inputs.first?.artifacts.first?.path == "/d/a b.png")
        #expect(order.inputs.first?.artifacts.first?.catalogue?.name == "x2/HR")
        #expect(order.inputs.map(\.isList) == [false, true])
        #expect(order.outputs.first?.format == .trainingLog)
        guard case .tool(let name, let version, let settings, let claims) = order.work else {
            Issue.record("\(order.work)")
            return
        }
        #expect(name == "train" && version == 4)
        #expect(settings["learning-rate"] == .number(0.001))
        #expect(claims == [["claim": "t3"]])
    }

    /// All ways to take one member out of a document or to give it another type.
    private func mutilations(of value: JSONValue) -> [JSONValue] {
        switch value {
        case .object(let members):
            return members.sorted { $0.key < $1.key }.flatMap { name, member -> [JSONValue] in
                var fewer = members
                fewer[name] = nil
                return [.object(fewer)]
                    + mutilations(of: member).map { changed in
                        var other = members
                        other[name] = changed
                        return .object(other)
                    }
            }
        case .array(let elements):
            return elements.indices.flatMap { index in
                mutilations(of: elements[index]).map { changed in
                    var other = elements
                    other[index] = changed
                    return .array(other)
                }
            }
        case .text: return [3]
        default: return ["x"]
        }
    }

    @Test(arguments: [toolOrder, contentsOrder])
    func `an order that lacks something is refused, or is another one`(text: String) throws {
        let json = try json(text)
        let order = try WorkOrder(json: json)
        var refusals: Set<String> = []
        for mutilated in mutilations(of: json) {
            do {
                let other = try WorkOrder(json: mutilated)
                #expect(other != order, "\(mutilated.canonicalText)")
            } catch let error as WorkOrderError {
                refusals.insert(error.description)
            }
        }
        let expected = [
            "a work order or report lacks 'stage'", "a work order or report has a 'stage' of the wrong type",
            "a work order or report lacks 'inputs'", "a work order or report has a 'threads' of the wrong type",
            "a work order or report has a 'schema' of the wrong type",
            "a work order or report has a 'format' of the wrong type",
        ]
        #expect(refusals.isSuperset(of: expected), "\(refusals)")
    }

    @Test func `an order says which program gave it`() throws {
        let status = FileStatus(
            kind: .file, byteCount: 7, device: .max, inode: 1 << 63, modificationTime: -1, changeTime: 2)
        let identity = ProgramIdentity(digest: Digest(ofText: "program"), status: status)
        let order: JSONValue = ["program": identity.json]
        #expect(try ProgramIdentity(ofOrder: order) == identity)
        for mutilated in mutilations(of: order) {
            let error = #expect(throws: WorkOrderError.self) { _ = try ProgramIdentity(ofOrder: mutilated) }
            #expect(error?.description == "a work order does not say which program gave it")
        }
    }

    @Test func `a program is the one of an order by its status or by its bytes`() async throws {
        try await Project.with { project in
            let folder = project.folder
            let file = folder.appending("program")
            try Files.write(Array("one".utf8), toNew: file)
            let identity = try RunningProgram(at: file).identity(rememberedIn: folder.appending("stat"))
            #expect(identity.digest == Digest(ofText: "one"))
            // Not read where the status is the same.
            let untouched = ProgramIdentity(digest: Digest(ofText: "other"), status: identity.status)
            #expect(try RunningProgram(at: file).isSame(as: untouched))
            try Files.replace(file, with: Array("one".utf8))
            #expect(try RunningProgram(at: file).isSame(as: identity))
            try Files.replace(file, with: Array("two".utf8))
            #expect(try !RunningProgram(at: file).isSame(as: identity))
        }
    }

    @Test func `a program at a path that was replaced before it was hashed gives no order`() async throws {
        try await Project.with { project in
            let folder = project.folder
            let file = folder.appending("program")
            try Files.write(Array("one".utf8), toNew: file)
            let program = RunningProgram(at: file)
            try Files.replace(file, with: Array("other".utf8))
            let failure = #expect(throws: ToolFailure.self) {
                _ = try program.identity(rememberedIn: folder.appending("stat"))
            }
            #expect(failure == ProgramIdentity.replaced)
        }
    }

    @Test func `a tool of another version does no work`() throws {
        var members = try json(Self.toolOrder).object ?? [:]
        (members["tool"], members["toolVersion"]) = ("upper", 2)
        let order = try WorkOrder(json: .object(members))
        let workshop = Workshop()
        let report = WorkPerformance(toolbox: workshop.toolbox, progress: { _ in }, remark: { _ in }).report(on: order)
        guard case .failed(let failure, _) = report else {
            Issue.record("\(report)")
            return
        }
        #expect(failure == ProgramIdentity.replaced)
        #expect(workshop.counts == [:])
    }

    @Test func `an order of another version is refused`() throws {
        var members = try json(Self.toolOrder).object ?? [:]
        members["schema"] = 1
        let error = #expect(throws: WorkOrderError.self) { _ = try WorkOrder(json: .object(members)) }
        #expect(error?.description == "this work order is of another version of Reprise")
    }

    @Test(arguments: [
        WorkReport.done(
            contents: ["a": Digest(ofText: "a"), "b": Digest(ofText: "b")],
            cost: WorkCost(processorSeconds: 1.25, peakMemoryBytes: 1 << 40)),
        .done(contents: [:], cost: WorkCost(processorSeconds: 0, peakMemoryBytes: 0)),
        .failed(
            ToolFailure("it is bad"), cost: WorkCost(processorSeconds: 0.5, peakMemoryBytes: 9, workSeconds: 0.25)),
        .diskFailed("full"), .diskFailed("full", cost: WorkCost(processorSeconds: 2, peakMemoryBytes: 1)),
        .failed(ToolFailure("it is bad")), .failed(ToolFailure("bad", at: .setting("epochs"), hint: "fewer")),
        .failed(ToolFailure("bad", at: .setting("layers", element: 3))),
        .failed(ToolFailure("bad \"quoted\"\n", at: .input("images"))),
        .failed(ToolFailure("bad", at: .catalogue(ofInput: "files"), details: ["missing 'a'", "extra 'b'"])),
        .diskFailed("cannot write '/x': no space left"),
    ])
    func `a report is read back from its JSON`(report: WorkReport) throws {
        #expect(try WorkReport(json: report.json) == report)
        #expect(try WorkReport(json: json(report.json.canonicalText)) == report)
    }

    @Test(arguments: [
        ("{}", "a work order or report lacks 'contents'"),
        (
            #"{"contents":{"a":"x"},"processorSeconds":1.0,"peakMemoryBytes":1}"#,
            "a work report holds a digest that is none"
        ),
        (#"{"contents":{},"processorSeconds":1.0}"#, "a work order or report lacks 'peakMemoryBytes'"),
        (#"{"failure":{}}"#, "a work order or report lacks 'message'"),
        (#"{"failure":{"message":1}}"#, "a work order or report has a 'message' of the wrong type"),
    ])
    func `a report that lacks something is refused`(text: String, expected: String) throws {
        let error = #expect(throws: WorkOrderError.self) { _ = try WorkReport(json: json(text)) }
        #expect(error?.description == expected)
    }

    @Test func `a step of progress is a line of JSON`() {
        let step = StageProgress("epochs", done: 3, total: 40, remark: "loss 0.1")
        #expect(step.json.canonicalText == #"{"counted":"epochs","done":3,"remark":"loss 0.1","total":40}"#)
        #expect(StageProgress("x", done: 0, total: 1).json.canonicalText == #"{"counted":"x","done":0,"total":1}"#)
    }
}
