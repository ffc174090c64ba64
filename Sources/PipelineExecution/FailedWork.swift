// SPDX-License-Identifier: Apache-2.0

import ContentStore
import SystemPackage

/// What the last attempt at an action wrote that failed: hours of work may be in it, so it is kept for people until the
/// next attempt begins.
enum FailedWork {
    /// Keeps what a tool or a command wrote in an attempt's folder, where it wrote any bytes.
    ///
    /// - Parameters:
    ///   - code: names of the files that lay beside the command.
    ///   - place: takes it; what lies there is replaced.
    static func keep(of attempt: FilePath, besides code: Set<String>, at place: FilePath) throws(StoreError) {
        let (command, made) = (attempt.appending("command"), attempt.appending("made"))
        let isCommand = try Files.linkStatus(command)?.kind == .folder
        // What it read lies elsewhere already, and may be large.
        if isCommand { try Files.removeTree(command.appending("inputs")) }
        let folder = isCommand ? command : made
        guard try holdsBytes(folder, prefix: "", besides: code) else { return }
        try Files.removeTree(place)
        try Files.rename(folder, to: place)
    }

    /// Whether there is any file below a folder that is not empty; links lead elsewhere.
    private static func holdsBytes(
        _ folder: FilePath, prefix: String, besides code: Set<String>
    ) throws(StoreError) -> Bool {
        guard try Files.linkStatus(folder)?.kind == .folder else { return false }
        for entry in try Files.entries(in: folder) {
            let (name, path) = (prefix + entry.string, folder.appending(entry))
            guard let status = try Files.linkStatus(path) else { continue }
            switch status.kind {
            case .file: if status.byteCount > 0, !code.contains(name) { return true }
            case .folder: if try holdsBytes(path, prefix: name + "/", besides: code) { return true }
            case .link, .other: continue
            }
        }
        return false
    }
}
