// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// Orders of each kind of work, and reports of each end.
var workSeeds: [(name: String, bytes: [UInt8])] {
    let digest = Digest(ofText: "seed").description
    let texts = [
        (
            "tool",
            #"""
            {"checkpoint":"/c/work/k/checkpoint","claims":[{"claim":"t3"}],"folder":"/c/work/k/attempt-1","inputs":[
            {"artifacts":[{"files":[{"bytes":3,"digest":"\#(digest)","name":"a b.png","path":"/d/a b.png"}],
            "format":"folder","catalogue":{"name":"x2/HR","path":"/m/c.yml"}}],"list":false,"name":"files"},
            {"artifacts":[],"list":true,"name":"more"}],
            "outputs":[{"format":"training-log","name":"log","path":"/c/work/k/attempt-1/made/log"}],"schema":2,
            "settings":{"deep":false,"layers":[{"convolution":56,"rate":1.0},{"relu":true}],"sizes":[1,2.0]},
            "stage":"train","threads":2,"tool":"train","toolVersion":4}
            """#
        ),
        (
            "contents",
            #"""
            {"checkpoint":"/p","contents":true,"folder":"/f","inputs":[],
            "outputs":[{"format":"png","name":"o","path":"/f/command/outputs/o"}],"schema":2,"stage":"own","threads":1}
            """#
        ),
        (
            "done",
            #"{"contents":{"o":"\#(digest)"},"peakMemoryBytes":4096,"processorSeconds":1.5,"workSeconds":1}"#
        ),
        (
            "setting",
            #"""
            {"details":[],"failure":{"details":["one","two"],"element":2,"hint":"do","message":"no","setting":"layers"},
            "peakMemoryBytes":1,"processorSeconds":0.25}
            """#
        ),
        ("input", #"{"failure":{"input":"images","message":"no"}}"#),
        ("catalogue", #"{"failure":{"catalogue":"images","message":"no"}}"#),
        ("disk", #"{"diskFailure":"cannot write '/f': no space","peakMemoryBytes":1,"processorSeconds":2}"#),
    ]
    return texts.map { ($0.0, Array($0.1.utf8)) }
}
