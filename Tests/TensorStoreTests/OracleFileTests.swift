// SPDX-License-Identifier: Apache-2.0

import TensorStore
import Tensors
import Testing

extension TensorStoreTests {
    /// Files that MATLAB and Keras wrote; they are not part of the project, and without them there is nothing to read.
    @Suite(.enabled(if: sharedFolder != nil, "the shared folder with third-party files is absent"))
    struct Oracle {
        private func open(_ name: String) throws -> TensorFileReader {
            try TensorFileReader(path: try #require(sharedFolder) + "/oracle/" + name)
        }

        @Test func `chunked patches written by MATLAB are read`() throws {
            let reader = try open("matlab_fsrcnn_patches_set5_x3.h5")
            #expect(reader.datasetNames == ["data", "label"])
            #expect(try reader.shape(of: "data") == [1216, 1, 7, 7])
            #expect(try reader.shape(of: "label") == [1216, 1, 19, 19])
            let data: [Float] = try reader.read("data")
            // As h5py 3.16 reads them.
            #expect(data[0] == 0.1305492)
            #expect(data[data.count - 1] == 0.2705715)
            let indices = [1215, 0, 31, 32, 33, 700, 0]
            let batch: [Float] = try reader.readRows("data", indices: indices)
            #expect(batch == indices.flatMap { data[$0 * 49..<($0 + 1) * 49] })
        }

        @Test func `Keras weights are read, with the layers in their order`() throws {
            let reader = try open("keras_fsrcnn_x4_weights.h5")
            guard case .texts(let layers)? = try reader.attribute("layer_names", of: "model_weights") else {
                Issue.record("no layer names")
                return
            }
            #expect(layers.count == 15)
            #expect(layers.contains("conv2d_transpose") && layers.contains("p_re_lu_6"))
            #expect(try reader.attribute("keras_version") == .text("2.4.0"))
            let weights = reader.datasetNames.filter { $0.hasPrefix("model_weights/") }
            let counts = try weights.map { try reader.shape(of: $0).count }
            #expect(counts.reduce(0, +) == 24_683)
            let kernel = "model_weights/conv2d_transpose/conv2d_transpose/kernel:0"
            #expect(try reader.shape(of: kernel) == [9, 9, 3, 56])
            #expect(try reader.read(kernel, as: Float.self)[0] == 0.022891546)
            #expect(try reader.shape(of: "optimizer_weights/RMSprop/iter:0") == [])
        }

        @Test(arguments: [
            "matlab_fsrcnn_patches_set5_x3.h5", "keras_fsrcnn_x4_weights.h5", "keras_fsrcnn_x4_crop24.h5",
            "imresize_reference.h5",
        ])
        func `the canonical content holds every value once`(name: String) throws {
            let reader = try open(name)
            var byteCount = 0
            try reader.visitCanonicalContent { byteCount += $0.count }
            let valueByteCount = try reader.datasetNames.reduce(0) {
                $0 + (try reader.shape(of: $1).count * (reader.elementType(of: $1).byteCount ?? 0))
            }
            #expect(valueByteCount > 100_000)
            #expect(byteCount > valueByteCount)
            #expect(byteCount < valueByteCount + 200 * reader.datasetNames.count + 20_000)
        }
    }
}
