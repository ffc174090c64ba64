// SPDX-License-Identifier: Apache-2.0

import Testing

struct CycleTests {
    @Test func `a stage that reads itself`() {
        check(
            """
            reprise: 1
            stages:
              cut: {tool: cut, inputs: cut/train}

            """,
            tells: """
                error: p.yml:3:28: stage 'cut' needs its own output: 'cut' needs 'cut'
                    cut: {tool: cut, inputs: cut/train}
                                             ^^^^^^^^^

                """)
    }

    @Test func `two stages that read each other`() {
        check(
            """
            reprise: 1
            stages:
              a: {tool: cut, inputs: b/train}
              b: {tool: cut, inputs: a}

            """,
            tells: """
                error: p.yml:3:26: stage 'a' needs its own output: 'a' needs 'b' needs 'a'
                    a: {tool: cut, inputs: b/train}
                                           ^^^^^^^

                """)
    }

    @Test func `three stages in a ring, with others before and after it`() {
        check(
            """
            reprise: 1
            sources: {s: {path: s}}
            stages:
              after: {run: cp, inputs: {x: c}, outputs: {o: o}}
              before: {run: cp, inputs: {x: s}, outputs: {o: o}}
              a: {run: cp, inputs: {x: before, y: c}, outputs: {o: o}}
              b: {run: cp, inputs: {x: a}, outputs: {o: o}}
              c: {run: cp, inputs: {x: b}, outputs: {o: o}}

            """,
            tells: """
                error: p.yml:8:28: stage 'c' needs its own output: 'c' needs 'b' needs 'a' needs 'c'
                    c: {run: cp, inputs: {x: b}, outputs: {o: o}}
                                             ^

                """)
    }

    @Test func `two rings are two mistakes`() {
        check(
            """
            reprise: 1
            stages:
              a: {run: cp, inputs: {x: a}, outputs: {o: o}}
              b: {run: cp, inputs: {x: a, y: c}, outputs: {o: o}}
              c: {run: cp, inputs: {x: d}, outputs: {o: o}}
              d: {run: cp, inputs: {x: c}, outputs: {o: o}}
              after: {run: cp, inputs: {x: d}, outputs: {o: o}}

            """,
            tells: """
                error: p.yml:3:28: stage 'a' needs its own output: 'a' needs 'a'
                    a: {run: cp, inputs: {x: a}, outputs: {o: o}}
                                             ^

                error: p.yml:5:28: stage 'c' needs its own output: 'c' needs 'd' needs 'c'
                    c: {run: cp, inputs: {x: d}, outputs: {o: o}}
                                             ^

                2 mistakes in p.yml

                """)
    }
}
