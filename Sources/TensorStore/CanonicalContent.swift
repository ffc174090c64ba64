// SPDX-License-Identifier: Apache-2.0

import Tensors

// The canonical content of a tensor file: what it means, whatever library wrote it and in whatever layout.
//
//     content   = "reprise-tensors 1\n" group-record object-record...
//     object-record: the root group first (its name is empty), then every dataset, and every group that has
//                 attributes, in byte order of their names. A group without attributes of its own adds nothing:
//                 the names of its datasets tell of it, and an empty one says nothing.
//     group-record   = "G" name attributes
//     dataset-record = "D" name type rank extent... attributes values
//     attributes     = count (name kind value)...           in byte order of their names
//     type           = text: float32, float64, uint8, int32, int64 or text
//     kind           = text: text, integer, number (one value) or texts, integers, numbers (count and values)
//     values         = the numbers row-major, or each string as a text
//     text, name     = length in bytes, then UTF-8 without padding
//     count, rank, extent, length, integer = 64 bits;  number = IEEE float64;  all little-endian
//
// Every part is preceded by what tells its length, so that no two contents share a stream. The width of an integer
// attribute, the padding of strings, byte order, chunks, compression, links' order and times are not in it.
// Numbers count by their bits: 0 and -0 differ.

/// The first bytes of every canonical content; the number is raised when the stream below changes.
package let canonicalContentHeader = "reprise-tensors 1\n"

extension TensorFileReader {
    /// Hands the canonical content to `body` piece by piece, each about 4 MiB at most; where it is cut means nothing.
    package func visitCanonicalContent(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var record = ContentRecord()
        record.append(bytesOf: canonicalContentHeader)
        record.append(group: "", try attributes())
        var scratch = [UInt8]()
        for object in contentOrder {
            if object.isGroup {
                let attributes = try attributes(of: object.name)
                if !attributes.isEmpty { record.append(group: object.name, attributes) }
            } else {
                try visit(object.name, &record, &scratch, body)
            }
            if record.bytes.count >= contentBlockByteCount { try record.flush(body) }
        }
        try record.flush(body)
    }

    private var contentOrder: [(name: String, isGroup: Bool)] {
        let objects = datasetNames.map { (name: $0, isGroup: false) } + groupNames.map { (name: $0, isGroup: true) }
        return objects.sorted { $0.name.precedesInBytes($1.name) }
    }

    private func visit(
        _ name: String, _ record: inout ContentRecord, _ scratch: inout [UInt8],
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let dataset = try HDF5.locked { try open(name) }
        record.append(dataset: name, dataset.elementType, dataset.shape, try attributes(of: name))
        guard let elementByteCount = dataset.elementType.byteCount else {
            try dataset.checkIsTextList()
            for block in dataset.textBlocks {
                for string in try HDF5.locked({ try dataset.readStrings(block) }) { record.append(text: string) }
                if record.bytes.count >= contentBlockByteCount { try record.flush(body) }
            }
            return
        }
        let boxes = Boxes(
            dataset.shape, elementByteCount: elementByteCount, chunkRows: dataset.chunkRows,
            blockByteCount: contentBlockByteCount)
        for box in boxes {
            let byteCount = box.count.reduce(elementByteCount, *)
            if record.bytes.count + byteCount > contentBlockByteCount { try record.flush(body) }
            if byteCount <= smallBoxByteCount {
                try record.append(byteCount: byteCount) { try dataset.readLocked(box, into: $0) }
                continue
            }
            if scratch.count < byteCount { scratch = [UInt8](repeating: 0, count: byteCount) }
            try scratch.withUnsafeMutableBytes { buffer in
                try dataset.readLocked(box, into: buffer.baseAddress)
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<byteCount]))
            }
        }
    }
}

/// How much of the content is in memory at once.
private let contentBlockByteCount = 4 << 20

/// Boxes up to this size join the text around them in one piece.
private let smallBoxByteCount = 64 << 10

extension Dataset {
    fileprivate func readLocked(_ box: Boxes.Box, into target: UnsafeMutableRawPointer?) throws {
        try HDF5.locked { try readBox(start: box.start, count: box.count, into: target) }
    }

    /// Strings have to be a list or a single one.
    func checkIsTextList() throws {
        guard elementType == .text else {
            throw TensorFileError.wrongType(file: file, dataset: name, expected: .text, found: elementType)
        }
        guard shape.rank <= 1 else {
            throw TensorFileError.unsupported(
                file: file, object: name, reason: "its strings have the shape \(shape), not a list")
        }
    }

    /// The strings in blocks of about 1 MiB of fields.
    var textBlocks: [Range<Int>] {
        let fieldByteCount = textFormat?.fieldByteCount ?? 1
        let length = max(1, min(4096, 1 << 20 / fieldByteCount))
        return stride(from: 0, to: shape.count, by: length).map { $0..<min($0 + length, shape.count) }
    }
}

/// A part of the content under construction.
private struct ContentRecord {
    private(set) var bytes: [UInt8] = []

    mutating func flush(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        if bytes.isEmpty { return }
        try bytes.withUnsafeBytes(body)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(group name: String, _ attributes: [Attribute]) {
        append(bytesOf: "G")
        append(text: name)
        append(attributes)
    }

    mutating func append(dataset name: String, _ type: ElementType, _ shape: Shape, _ attributes: [Attribute]) {
        append(bytesOf: "D")
        append(text: name)
        append(text: type.rawValue)
        append(integer: shape.rank)
        shape.extents.forEach { append(integer: $0) }
        append(attributes)
    }

    private mutating func append(_ attributes: [Attribute]) {
        append(integer: attributes.count)
        for attribute in attributes {
            append(text: attribute.name)
            append(attribute.value)
        }
    }

    private mutating func append(_ value: AttributeValue) {
        switch value {
        case .text(let text):
            append(text: "text")
            append(text: text)
        case .integer(let integer):
            append(text: "integer")
            append(integer: integer)
        case .number(let number):
            append(text: "number")
            append(number: number)
        case .texts(let texts):
            append(text: "texts")
            append(integer: texts.count)
            texts.forEach { append(text: $0) }
        case .integers(let integers):
            append(text: "integers")
            append(integer: integers.count)
            integers.forEach { append(integer: $0) }
        case .numbers(let numbers):
            append(text: "numbers")
            append(integer: numbers.count)
            numbers.forEach { append(number: $0) }
        }
    }

    mutating func append(text: String) {
        append(integer: text.utf8.count)
        append(bytesOf: text)
    }

    mutating func append(bytesOf text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Makes room for `byteCount` bytes that `fill` writes.
    mutating func append(byteCount: Int, fill: (UnsafeMutableRawPointer?) throws -> Void) throws {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: byteCount))
        try bytes.withUnsafeMutableBytes { try fill($0.baseAddress.map { $0 + start }) }
    }

    private mutating func append(integer: Int) {
        withUnsafeBytes(of: Int64(integer).littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(number: Double) {
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
