// SPDX-License-Identifier: Apache-2.0

import CFuzzing
import ContentStore
import Glibc
import PipelineRecords

// What can be read of an order or a report comes back from what is written of it; all else is told to be neither.
exit(
    reprise_fuzz(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
        guard let json = try? JSONValue(parsing: bytes, valueLimit: WorkOrder.valueLimit) else { return }
        if let order = read(json, { try WorkOrder(json: $0) }) {
            precondition(read(written(order.json), { try WorkOrder(json: $0) }) == order, "an order does not come back")
            precondition(order.threads >= 1, "an order has no thread")
        }
        if let report = read(json, { try WorkReport(json: $0) }) {
            precondition(
                read(written(report.json), { try WorkReport(json: $0) }) == report, "a report does not come back")
        }
    })

func read<Value>(_ json: JSONValue, _ reading: (JSONValue) throws -> Value) -> Value? {
    do {
        return try reading(json)
    } catch let error as WorkOrderError {
        precondition(!error.description.isEmpty, "a refusal has no words")
        return nil
    } catch {
        preconditionFailure("\(error)")
    }
}

/// Through the bytes of a file.
func written(_ json: JSONValue) -> JSONValue {
    do {
        return try JSONValue(parsing: json.canonicalBytes)
    } catch {
        preconditionFailure("\(error)")
    }
}
