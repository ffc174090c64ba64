// SPDX-License-Identifier: Apache-2.0

/// A pipeline of a tool and two programs that takes a blink.
enum WordsPipeline {
    static let files = ["words.yml": manifest, "data/text.txt": "one\ntwo\n"]

    static let manifest = """
        reprise: 1
        name: words
        settings: {ending: "!", seed: 3}
        sources: {text: {path: text.txt}}
        stages:
          images:
            tool: synthesize
            settings: {count: 1, height: 16, width: 16, seed: "${seed}"}
          upper:
            shell: cat ${inputs.text} | tr a-z A-Z > ${outputs.upper}
            inputs: {text: text}
            outputs: {upper: upper.txt}
          shout:
            shell: sed "s/$/${ending}/" ${inputs.upper} > ${outputs.shout}
            inputs: {upper: upper}
            outputs: {shout: shout.txt}

        """
}
