// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Foundation
import Imaging
import SystemPackage
import TensorStore
import Tensors
import Testing

/// Every byte of an object of each kind is verified when it is read.
struct FlippedObjectTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    @Test func `a tensor file with any byte changed is damaged`() throws {
        let path = try workshop.newPath("a.h5")
        let file = try TensorFileWriter(path: path.string)
        try file.setAttribute("format", "images")
        try file.write("weights", Tensor(shape: [2, 1, 3, 3]))
        try file.close()
        try check(try Files.bytes(of: path))
    }

    @Test func `a picture with any byte changed is damaged`() throws {
        let raster = Raster(
            height: 7, width: 9, colour: .rgb, hasAlpha: false,
            samples: .eight((0..<189).map { UInt8(truncatingIfNeeded: $0 * 3) }))
        try check(try raster.png())
    }

    @Test func `a text with any byte changed is damaged`() throws {
        try check(Array("dataset,scale,image,psnr\nSet5,3,baby,35.02\n".utf8))
    }

    private func check(_ bytes: [UInt8]) throws {
        let cache = try workshop.newPath("cache")
        let store = FileObjectStore(cache: cache)
        let object = try store.insert(bytes).digest
        let path = store.path(of: object)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            try Files.replace(path, with: changed)
            #expect(throws: StoreError.damaged(object: object, path: path), "byte \(place)") {
                _ = try store.verifiedFile(of: object)
            }
            #expect(throws: StoreError.absent(object: object)) { _ = try store.bytes(of: object) }
            try Files.removeTree(cache.appending("objects").appending("damaged"))
        }
    }
}
