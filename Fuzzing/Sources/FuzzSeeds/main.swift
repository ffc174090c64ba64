// SPDX-License-Identifier: Apache-2.0

import Glibc

// Writes the inputs that fuzzing begins with: `FuzzSeeds FOLDER` makes FOLDER/png, FOLDER/bmp and so on.

guard CommandLine.arguments.count == 2 else {
    print("usage: FuzzSeeds FOLDER")
    exit(2)
}
let root = CommandLine.arguments[1]
do {
    try makeFolder(root)
    try writeSeeds(pngSeeds, to: "\(root)/png")
    try writeSeeds(bmpSeeds, to: "\(root)/bmp")
    try writeHDF5Seeds(to: "\(root)/hdf5")
    try writeSeeds(catalogueSeeds, to: "\(root)/catalogue")
    try writeSeeds(manifestSeeds, to: "\(root)/manifest")
    try writeSeeds(entrySeeds, to: "\(root)/entry")
    try writeSeeds(recordSeeds, to: "\(root)/record")
    try writeSeeds(try archiveSeeds(in: root), to: "\(root)/archive")
    try writeSeeds(resultSeeds, to: "\(root)/results")
    try writeSeeds(statSeeds, to: "\(root)/stat")
    try writeSeeds(try answerSeeds(in: root), to: "\(root)/answer")
    try writeSeeds(latestSeeds, to: "\(root)/latest")
    try writeSeeds(workSeeds, to: "\(root)/work")
    try writeSeeds(try logSeeds(in: root), to: "\(root)/log")
    try writeSeeds(lockSeeds, to: "\(root)/lock")
    try writeSeeds(safetensorsSeeds, to: "\(root)/safetensors")
} catch {
    print("error: \(error)")
    exit(1)
}

/// A file could not be written.
struct SeedError: Error, CustomStringConvertible {
    let path: String
    var description: String { "cannot write '\(path)': \(String(cString: strerror(errno)))" }
}

func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw SeedError(path: path) }
}

func writeSeeds(_ seeds: [(name: String, bytes: [UInt8])], to folder: String) throws {
    try makeFolder(folder)
    for seed in seeds {
        let path = "\(folder)/\(seed.name)"
        guard let file = fopen(path, "wb") else { throw SeedError(path: path) }
        defer { fclose(file) }
        guard fwrite(seed.bytes, 1, seed.bytes.count, file) == seed.bytes.count else { throw SeedError(path: path) }
    }
}
