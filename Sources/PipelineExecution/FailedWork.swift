// SPDX-License-Identifier: Apache-2.0

import ContentStore

/// What the last attempt at an action wrote that failed: hours of work may be in it, so it is kept for people until the
/// next attempt begins.
enum FailedWork {
    /// Keeps what a tool or a command wrote in an attempt's folder, where it wrote any bytes.
    ///
    /// - Parameters:
    ///   - code: names of the files that lay beside the command.
    ///   - place: takes it; what lies there is replaced.
    static func keep(of attempt: CachePath, besides code: Set<String>, at place: CachePath) throws(StoreError) {
        let (command, made) = (attempt.appending("command"), attempt.appending("made"))
        let isCommand = try Files.status(command)?.kind == .folder
        // What it read lies elsewhere already, and may be large.
        if isCommand { try Files.removeTree(command.appending("inputs")) }
        let folder = isCommand ? command : made
        guard Files.holdsBytes(below: folder, besides: code) else { return }
        try Files.removeTree(place)
        try Files.rename(folder, to: place)
    }
}
