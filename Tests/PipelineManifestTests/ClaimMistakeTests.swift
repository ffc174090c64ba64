// SPDX-License-Identifier: Apache-2.0

import Testing

/// What stands under claims.
@Suite struct ClaimMistakeTests {
    @Test func `a claim is complete`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            claims:
              - {name: a}
            """#,
            tells: #"""
                error: p.yml:4:12: claim 'a' needs 'dataset'
                    - {name: a}
                             ^

                error: p.yml:4:12: claim 'a' needs 'metric'
                    - {name: a}
                             ^

                error: p.yml:4:12: claim 'a' needs 'model'
                    - {name: a}
                             ^

                error: p.yml:4:12: claim 'a' needs 'protocol'
                    - {name: a}
                             ^

                error: p.yml:4:12: claim 'a' needs 'scale'
                    - {name: a}
                             ^

                error: p.yml:4:12: claim 'a' needs 'value'
                    - {name: a}
                             ^

                6 mistakes in p.yml
                """#)
    }

    @Test func `a claim's values are checked`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            claims:
              - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
            """#,
            tells: #"""
                error: p.yml:4:33: 'metric' of claim 'a' takes 'psnr', 'ssim', 'mse' or 'mae', not 'psrn'
                    - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
                                                  ^^^^
                hint: did you mean 'psnr'?

                error: p.yml:4:58: 'scale' of claim 'a' takes an integer from 1 to 64, not 0
                    - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
                                                                           ^

                error: p.yml:4:81: 'value' of claim 'a' takes a figure as it is printed, not '3.3e1'
                    - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
                                                                                                  ^^^^^
                hint: write digits with a decimal point, for example 33.06

                error: p.yml:4:99: 'tolerance' of claim 'a' takes a number above 0, not 0
                    - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
                                                                                                                    ^

                error: p.yml:4:110: 'source' of claim 'a' takes 'verified' or 'unverified', not 'maybe'
                    - {name: a, model: M, metric: psrn, dataset: D, scale: 0, protocol: p, value: 3.3e1, tolerance: 0, source: maybe}
                                                                                                                               ^^^^^

                5 mistakes in p.yml
                """#)
    }

    @Test func `claims have different names`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            claims:
              - {name: a, model: M, metric: psnr, dataset: D, scale: 2, protocol: p, value: 33}
              - {name: a, model: M, metric: ssim, dataset: D, scale: 2, protocol: p, value: .9}
            """#,
            tells: #"""
                error: p.yml:5:12: claim 'a' is declared twice, first at line 4
                    - {name: a, model: M, metric: ssim, dataset: D, scale: 2, protocol: p, value: .9}
                             ^

                error: p.yml:5:81: 'value' of claim 'a' takes a figure as it is printed, not '.9'
                    - {name: a, model: M, metric: ssim, dataset: D, scale: 2, protocol: p, value: .9}
                                                                                                  ^^
                hint: write digits with a decimal point, for example 33.06

                2 mistakes in p.yml
                """#)
    }

    @Test func `claims are a list of mappings`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            claims: [x, [y]]
            """#,
            tells: #"""
                error: p.yml:3:10: the claim takes a mapping with the keys 'name', 'model', 'metric', 'dataset', 'scale', 'protocol', 'value', 'tolerance', 'place' and 'source', not the text 'x'
                  claims: [x, [y]]
                           ^

                error: p.yml:3:13: the claim takes a mapping with the keys 'name', 'model', 'metric', 'dataset', 'scale', 'protocol', 'value', 'tolerance', 'place' and 'source', not a list
                  claims: [x, [y]]
                              ^

                2 mistakes in p.yml
                """#)
    }

    @Test func `claims are a list`() {
        check(
            #"""
            reprise: 1
            stages: {s: {tool: synthesize}}
            claims: {a: 1}
            """#,
            tells: #"""
                error: p.yml:3:9: 'claims' takes a list, not a mapping
                  claims: {a: 1}
                          ^
                """#)
    }
}
