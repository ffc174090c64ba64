// SPDX-License-Identifier: Apache-2.0

/// The keys of a manifest's mappings, in the order in which they are told.
package enum ManifestKeys {
    /// At the top.
    package static let all = [
        "reprise", "name", "title", "paper", "assumptions", "includes", "settings", "pools", "sources", "stages",
        "claims",
    ]
    /// At the top of a file that a manifest includes.
    package static let included = ["reprise", "includes", "settings", "pools", "sources", "stages", "claims"]
    package static let paper = ["title", "authors", "year", "reference"]
    package static let assumption = ["about", "chosen", "reason"]
    package static let source = ["path", "files", "role", "catalogue"]
    package static let claim = [
        "name", "model", "metric", "dataset", "scale", "protocol", "value", "tolerance", "place", "source",
    ]
}

/// The keys of a stage, by the kind of stage that has them.
package enum StageKeys {
    package static let tool = ["tool", "inputs", "settings"] + limits
    package static let command =
        [
            "run", "shell", "interpreter", "inputs", "outputs", "code", "programs", "environment", "secrets", "probe",
            "resume", "learns",
        ] + limits
    /// What a stage takes of the machine, and how it is tried.
    package static let limits = ["resources", "retries", "timeout"]
    /// What makes several stages of one.
    package static let groups = ["foreach", "matrix", "exclude"]
    /// What a stage does is under exactly one of these.
    package static let work = ["tool", "run", "shell"]
    package static let all =
        work + ["inputs", "settings"] + command.filter { !tool.contains($0) && !work.contains($0) } + limits + groups
    /// Of one output of a command.
    package static let output = ["path", "format", "role"]
    package static let retries = ["count", "backoff"]
}
