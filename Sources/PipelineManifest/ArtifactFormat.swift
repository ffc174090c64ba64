// SPDX-License-Identifier: Apache-2.0

/// What an artifact's bytes mean, which decides how its content digest is taken and which tools accept it.
package enum ArtifactFormat: String, Hashable, Sendable, CaseIterable {
    /// A folder of files outside the cache; its content is its file names and bytes.
    case folder
    /// Any bytes; the content is the bytes.
    case file
    /// An HDF5 file of named tensors.
    case tensors
    /// Tensors: a set of images, each with its name and mode.
    case images
    /// Tensors: pairs of LR and HR patches with their origin.
    case patches
    /// Tensors: a network's parameters with its description.
    case model
    /// Tensors: a training's log, a row an epoch.
    case trainingLog = "training-log"
    /// JSON: scores per image and their means.
    case scores
    /// JSON: claims beside scores, with verdicts.
    case deviations
    /// Comma-separated values.
    case csv
    /// A PNG picture; its content is its pixels.
    case png
    /// A network's parameters as other programs read them.
    case safetensors
    /// A network as other programs run it.
    case onnx

    /// Whether the bytes are an HDF5 file whose content is its tensors and attributes.
    package var holdsTensors: Bool {
        switch self {
        case .tensors, .images, .patches, .model, .trainingLog: true
        case .folder, .file, .scores, .deviations, .csv, .png, .safetensors, .onnx: false
        }
    }

    /// Whether the content is something else than the bytes, so that another library's way to write the same values, or
    /// to compress the same pixels, changes nothing.
    package var hasCanonicalContent: Bool { holdsTensors || self == .png }

    /// The ending under which `export` and a command stage see such a file.
    package var fileExtension: String {
        switch self {
        case .tensors, .images, .patches, .model, .trainingLog: "h5"
        case .scores, .deviations: "json"
        case .csv: "csv"
        case .png: "png"
        case .safetensors: "safetensors"
        case .onnx: "onnx"
        case .folder, .file: ""
        }
    }
}
