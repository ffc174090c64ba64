// SPDX-License-Identifier: Apache-2.0

/// Puts `***` in the place of secrets.
struct SecretMask: Sendable {
    /// Longest first, so that a secret that begins with another one goes whole.
    private let secrets: [[UInt8]]

    /// - Parameter values: the secrets; of one with several lines each line is a secret, as logs are read by lines.
    init(_ values: [String]) {
        let lines = values.flatMap { $0.split(whereSeparator: \.isNewline) }.map { Array($0.utf8) }
        secrets = Set(lines).sorted { $0.count > $1.count }
    }

    var isEmpty: Bool { secrets.isEmpty }

    /// Bytes of the longest secret; 0 where there is none.
    var longestCount: Int { secrets.first?.count ?? 0 }

    func masked(_ bytes: [UInt8]) -> [UInt8] {
        if secrets.isEmpty { return bytes }
        var masked: [UInt8] = []
        masked.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let first = rest.first {
            if let secret = secrets.first(where: { $0[0] == first && rest.starts(with: $0) }) {
                masked += "***".utf8
                rest = rest.dropFirst(secret.count)
            } else {
                masked.append(first)
                rest = rest.dropFirst()
            }
        }
        return masked
    }
}
