// Numbers for people: formatted alike in every message, table and page, whatever the locale.

import Foundation

/// Formats numbers for messages, tables and pages.
package enum NumberText {
    /// A number with a fixed count of decimals, such as `0.25`.
    package static func decimal(_ value: Double, digits: Int = 2) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// A fraction as a percentage with one decimal and without a sign: `25.0` for 0.25.
    package static func percent(_ fraction: Double) -> String {
        decimal(100 * fraction, digits: 1)
    }

    /// A byte count in megabytes (10^6 bytes) or gigabytes (10^9 bytes).
    package static func byteSize(_ byteCount: Int) -> String {
        byteCount < 1_000_000_000
            ? "\(decimal(Double(byteCount) / 1e6, digits: 1)) MB"
            : "\(decimal(Double(byteCount) / 1e9)) GB"
    }

    /// A duration in whole seconds, minutes, or hours and minutes, such as `3 h 5 min`; `?` for one
    /// that is not finite or beyond three years.
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e8 else { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// A count with its noun, which takes an s unless the count is 1: `1 set`, `2 sets`.
    package static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
