// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import PipelineExecution
import PipelineManifest
import PipelinePlanning
import PipelineTools
import Testing

/// The schema accepts what the reader accepts, as far as it goes.
@Suite struct ManifestSchemaTests {
    private let schema = JSONSchemaCheck(root: ManifestSchema(interfaces: Toolbox.standard.interfaces).json)

    @Test(arguments: PipelineFileTests.manifests)
    func `every manifest of the tree is valid`(path: String) throws {
        let value = try json(ofYAML: String(contentsOfFile: path, encoding: .utf8))
        #expect(try schema.accepts(value))
    }

    @Test func `every example of the page is valid`() throws {
        let path = SharedData.root.appendingPathComponent("docs/MANIFEST.md").path
        var count = 0
        for block in try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "```yaml\n").dropFirst()
        {
            let example = try #require(block.components(separatedBy: "```").first)
            let whole = example.hasPrefix("reprise:") ? example : "reprise: 1\n" + example
            #expect(try schema.accepts(try json(ofYAML: whole)), "\(example)")
            count += 1
        }
        #expect(count == 15)
    }

    @Test(arguments: [
        "stages: {s: {tool: synthesize}}",
        "reprise: 2",
        "reprise: 1\nstage: {}",
        "reprise: 1\nname: Big Name",
        "reprise: 1\npaper: {year: 2016}",
        "reprise: 1\npaper: {title: x, year: 16}",
        "reprise: 1\nassumptions: [{about: x}]",
        "reprise: 1\nincludes: {a: b}",
        "reprise: 1\nsettings: {a: }",
        "reprise: 1\nsettings: {A: 1}",
        "reprise: 1\npools: {gpu: 0}",
        "reprise: 1\nsources: {t91: {role: train}}",
        "reprise: 1\nsources: {t91: {path: x, role: training}}",
        "reprise: 1\nstages: {s: {}}",
        "reprise: 1\nstages: {s: {tool: trian}}",
        "reprise: 1\nstages: {s: {tool: images}}",
        "reprise: 1\nstages: {s: {tool: images, inputs: {filse: x}}}",
        "reprise: 1\nstages: {s: {tool: images, inputs: x, settings: {alpha: dropp}}}",
        "reprise: 1\nstages: {s: {tool: images, inputs: x, settings: {alfa: drop}}}",
        "reprise: 1\nstages: {s: {tool: images, inputs: x, outputs: {a: a}}}",
        "reprise: 1\nstages: {s: {tool: images, run: make, inputs: x}}",
        "reprise: 1\nstages: {s: {tool: patches, inputs: x, settings: {scale: three}}}",
        "reprise: 1\nstages: {s: {tool: train, inputs: {patches: p}, settings: {steps: -1}}}",
        "reprise: 1\nstages: {s: {tool: train, inputs: {patches: p}, settings: {steps: 1, layers: [{relu: 1}]}}}",
        "reprise: 1\nstages: {s: {run: make}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: {path: a, format: hdf5}}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, settings: {n: 1}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, interpreter: /bin/sh}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, environment: {A-B: 1}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, learns: yes}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, timeout: 90}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, timeout: 90 seconds}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, resources: {memory: 4Gib}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, resources: {cpu: 0}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, retries: {backoff: 1s}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, foreach: 3}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, foreach: []}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, matrix: {x: 1}}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, exclude: [{x: 1}]}}",
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, foreach: [1], matrix: {x: [1]}}}",
        "reprise: 1\nclaims: [{name: c}]",
        "reprise: 1\nclaims: [{name: c, model: M, metric: pnsr, dataset: D, scale: 2, protocol: p, value: 1}]",
    ])
    func `a wrong manifest is not valid, and the reader says so too`(text: String) throws {
        #expect(try !schema.accepts(try json(ofYAML: text)))
        #expect(throws: Diagnostics.self) {
            try Manifest.parse(SourceText(file: "p.yml", text: text), interfaces: Toolbox.standard.interfaces)
        }
    }

    @Test(arguments: [
        "reprise: 1\nstages: {s: {run: make, outputs: {a: a}, timeout: 1.5h, retries: 3, resources: {memory: 4GiB, cpu: 2}}}",
        "reprise: 1\nstages: {s: {run: [make, 1], outputs: {a: {path: a, format: folder}}, probe: [[a, b], c]}}",
        "reprise: 1\nsettings: {n: 2}\nstages: {s: {tool: patches, inputs: x, settings: {scale: '${n}'}}}",
        "reprise: 1\nstages: {s: {foreach: {a: 2}, tool: patches, inputs: {images: x}, settings: {scale: '${item}'}}}",
        "reprise: 1\nsettings:\nsources:\nclaims:\nstages: {s: {shell: a, interpreter: /bin/bash, outputs: {a: a}}}",
    ])
    func `a right manifest is valid`(text: String) throws {
        #expect(try schema.accepts(try json(ofYAML: text)))
        _ = try Manifest.parse(SourceText(file: "p.yml", text: text), interfaces: Toolbox.standard.interfaces)
    }

    @Test func `the schema is the same text each time`() {
        let texts = (0..<3).map { _ in ManifestSchema(interfaces: Toolbox.standard.interfaces).json.indentedText }
        #expect(Set(texts).count == 1)
    }
}
