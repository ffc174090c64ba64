// SPDX-License-Identifier: Apache-2.0

/// The text as it stands between tags or in an attribute in double quotes of XML 1.0; scalars that XML cannot hold
/// become U+FFFD.
func xmlEscaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "\n", "\r", "\t": escaped += "&#\(scalar.value);"
        default: escaped.unicodeScalars.append(isAllowedInXML(scalar) ? scalar : "\u{FFFD}")
        }
    }
}

private func isAllowedInXML(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0xFFFE, 0xFFFF: false
    default: true
    }
}
