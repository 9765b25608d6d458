// A drift as lines of text.

import MoCaCore

extension Drift {
    /// The lines that `moca evaluate drift` prints.
    package var lines: [String] {
        let cosine = cosine.map(Self.text) ?? "none: the vectors have different lengths"
        return [
            "inputs            \(count)", "cosine            \(cosine)",
            "nearest \(neighbours) in both  \(Self.text(overlap))",
            "nearest changed   \(NumberText.decimal(100 * nearestChanged, digits: 1)) %",
        ] + moved.map(Self.text)
    }

    private static func text(_ spread: Spread) -> String {
        "mean \(digits(spread.mean)), lowest 5 % below \(digits(spread.fifthPercentile)), "
            + "least \(digits(spread.least))"
    }

    private static func text(_ moved: Moved) -> String {
        let cosine = moved.cosine.map { "cosine \(digits($0)), " } ?? ""
        return "moved             \(moved.id): \(cosine)"
            + "\(NumberText.decimal(100 * moved.overlap, digits: 0)) % of its nearest stay, its nearest "
            + "is now number \(moved.rankOfNearest)"
    }

    private static func digits(_ value: Double) -> String {
        NumberText.decimal(value, digits: 6)
    }
}
