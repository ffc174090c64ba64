// SPDX-License-Identifier: Apache-2.0

import PipelineManifest
import Testing

/// What stages take of the machine, and how they are tried.
@Suite struct LimitTests {
    private func stage(_ keys: String, before: String = "") throws -> Stage {
        let text = """
            reprise: 1
            settings: {amount: 2GiB, count: 3, some: 7}
            pools: {gpu: 2, licence: 5}
            \(before)
            stages:
              s:
                run: make
                outputs: {a: a}
                \(keys)
            """
        return try #require(try manifest(text).stages.first)
    }

    private func memory(_ written: String) throws -> Int? {
        try stage("resources: {memory: \(written)}").limits.resources["memory"]
    }

    private func timeout(_ written: String) throws -> Double? {
        try stage("timeout: \(written)").limits.timeout
    }

    @Test func `a stage without limits takes nothing, is tried once and never ended`() throws {
        let limits = try stage("learns: false").limits
        #expect(limits == .none)
        #expect(limits.resources.isEmpty && limits.retries == 0 && limits.backoff == 1 && limits.timeout == nil)
    }

    @Test func `a stage takes processors, memory and the manifest's own pools`() throws {
        let stage = try stage("resources: {cpu: 4, memory: 512MiB, gpu: 1, licence: 5}")
        #expect(stage.limits.resources == ["cpu": 4, "memory": 512 << 20, "gpu": 1, "licence": 5])
    }

    @Test func `pools are in the order of the manifest`() throws {
        let manifest = try manifest("reprise: 1\npools: {b: 2, a: 1}\nstages: {s: {tool: synthesize}}\n")
        #expect(manifest.pools.map(\.name.value) == ["b", "a"])
        #expect(manifest.pools.map(\.capacity) == [2, 1])
    }

    @Test func `a tool takes pools and is tried again like a command`() throws {
        let text = """
            reprise: 1
            stages: {s: {tool: synthesize, resources: {cpu: 1}, retries: 2, timeout: 1h}}
            """
        let limits = try #require(try manifest(text).stages.first).limits
        #expect(limits == StageLimits(resources: ["cpu": 1], retries: 2, timeout: 3600))
    }

    @Test func `memory is bytes, or a number with a unit`() throws {
        let written: [(String, Int)] = [
            ("1", 1), ("1000000", 1_000_000), ("1B", 1), ("1KiB", 1 << 10), ("1MiB", 1 << 20), ("4GiB", 4 << 30),
            ("2TiB", 2 << 40), ("1kB", 1000), ("1MB", 1_000_000), ("1GB", 1_000_000_000), ("1TB", 1_000_000_000_000),
            ("1.5GiB", 3 << 29), ("'512 MiB'", 512 << 20), ("0.1kB", 100), ("0.3B", 1), ("${amount}", 2 << 30),
            ("${some}", 7), ("1048576TiB", 1 << 60),
        ]
        for (text, bytes) in written { #expect(try memory(text) == bytes, "\(text)") }
    }

    @Test func `a time is a number with a unit`() throws {
        let written: [(String, Double)] = [
            ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400), ("250ms", 0.25), ("1.5h", 5400), ("'2 m'", 120),
            ("1000d", 86_400_000),
        ]
        for (text, seconds) in written { #expect(try timeout(text) == seconds, "\(text)") }
    }

    @Test func `retries are a number, or a number and a first wait`() throws {
        #expect(try stage("retries: 3").limits == StageLimits(retries: 3))
        #expect(try stage("retries: ${count}").limits == StageLimits(retries: 3))
        #expect(try stage("retries: {count: 2, backoff: 5s}").limits == StageLimits(retries: 2, backoff: 5))
        #expect(try stage("retries: {count: 2, backoff: 0s}").limits == StageLimits(retries: 2, backoff: 0))
        #expect(try stage("retries: {count: 2}").limits == StageLimits(retries: 2))
    }

    @Test func `amounts, times and pools that cannot be are told, all at once`() {
        check(
            #"""
            reprise: 1
            settings: {wait: 90}
            pools: {gpu: 1, cpu: 2, GPU: 1, none: 0}
            stages:
              a:
                run: make
                outputs: {a: a}
                resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                retries: -1
                timeout: 90
              b:
                tool: synthesize
                resources: {memory: [1], cpu: 2, cpu: 3}
                retries: {count: 3, backof: 5s}
                timeout: ${wait}
              c:
                tool: synthesize
                resources: 4
                retries: {backoff: -5s}
                timeout: 0s
            """#,
            tells: #"""
                error: p.yml:3:17: 'cpu' cannot be the name of a pool
                  pools: {gpu: 1, cpu: 2, GPU: 1, none: 0}
                                  ^^^
                hint: every machine has 'cpu' and 'memory'; a stage's 'resources' can name them as they are

                error: p.yml:3:25: 'GPU' cannot be the name of a pool
                  pools: {gpu: 1, cpu: 2, GPU: 1, none: 0}
                                          ^^^
                hint: a name has lower-case letters, digits, '-', '.' and '_', starts with a letter or a digit, and is at most 100 long

                error: p.yml:3:39: pool 'none' takes an integer of at least 1, not 0
                  pools: {gpu: 1, cpu: 2, GPU: 1, none: 0}
                                                        ^

                error: p.yml:8:22: 'cpu' of stage 'a' takes an integer of at least 1, not 0
                      resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                                       ^

                error: p.yml:8:33: 'memory' of stage 'a' takes an amount of memory such as 512MiB or 4GiB, not the text '4Gib'
                      resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                                                  ^^^^
                hint: the units are B, KiB, MiB, GiB, TiB, kB, MB, GB and TB; a number alone is bytes

                error: p.yml:8:44: stage 'a' takes 2 of pool 'gpu', which has 1
                      resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                                                             ^
                  pool 'gpu' is declared at line 3

                error: p.yml:8:47: no pool is called 'gpus'
                      resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                                                                ^^^^
                hint: did you mean 'gpu'?

                error: p.yml:8:65: no pool is called 'licence'
                      resources: {cpu: 0, memory: 4Gib, gpu: 2, gpus: 1, none: 1, licence: 1}
                                                                                  ^^^^^^^
                hint: say under the manifest's 'pools' how much there is, for example 'licence: 1'

                error: p.yml:9:14: 'retries' of stage 'a' takes an integer from 0 to 1000, not -1
                      retries: -1
                               ^^

                error: p.yml:10:14: 'timeout' of stage 'a' takes a time above 0s, such as 90s or 2h, not 90
                      timeout: 90
                               ^^
                hint: the units are ms, s, m, h and d; the longest is 1000d

                error: p.yml:13:25: 'memory' of stage 'b' takes an amount of memory such as 512MiB or 4GiB, not a list
                      resources: {memory: [1], cpu: 2, cpu: 3}
                                          ^
                hint: the units are B, KiB, MiB, GiB, TiB, kB, MB, GB and TB; a number alone is bytes

                error: p.yml:13:38: resource 'cpu' is declared twice, first at line 13
                      resources: {memory: [1], cpu: 2, cpu: 3}
                                                       ^^^

                error: p.yml:14:25: unknown key 'backof' in 'retries' of stage 'b'
                      retries: {count: 3, backof: 5s}
                                          ^^^^^^
                hint: did you mean 'backoff'?

                error: p.yml:15:14: 'timeout' of stage 'b' takes a time above 0s, such as 90s or 2h, not 90
                      timeout: ${wait}
                               ^^^^^^^
                hint: the units are ms, s, m, h and d; the longest is 1000d

                error: p.yml:18:16: 'resources' of stage 'c' takes a mapping of names, not 4
                      resources: 4
                                 ^

                error: p.yml:19:5: 'retries' of stage 'c' needs 'count'
                      retries: {backoff: -5s}
                      ^^^^^^^

                error: p.yml:19:24: 'backoff' of 'retries' of stage 'c' takes a time of at least 0s, such as 90s or 2h, not the text '-5s'
                      retries: {backoff: -5s}
                                         ^^^
                hint: the units are ms, s, m, h and d; the longest is 1000d

                error: p.yml:20:14: 'timeout' of stage 'c' takes a time above 0s, such as 90s or 2h, not the text '0s'
                      timeout: 0s
                               ^^
                hint: the units are ms, s, m, h and d; the longest is 1000d

                18 mistakes in p.yml
                """#)
    }
}
