// A comparison as lines of text.

import MoCaCore
import MoCaSettings

extension Comparison {
    /// The lines that `moca evaluate compare` prints: a table, the examples, and what differs
    /// between the two evaluations.
    package var lines: [String] {
        let named = sets.sorted { $0.key < $1.key }
        var rows = [["set", "measure", "A", "B", "B - A", "95 %", "p", "better", "worse", "same"]]
        for (name, set) in named {
            rows.append(
                [name] + Self.cells(set.mean) + [set.wins, set.losses, set.ties].map(String.init))
        }
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            rows.append(["= \(name)"] + Self.cells(group) + ["", "", ""])
        }
        var lines = TextTable.lines(rows)
        for (name, set) in named {
            lines += set.gained.map { "\(name): better on \(Self.text($0))" }
            lines += set.lost.map { "\(name): worse on \(Self.text($0))" }
        }
        for (names, which) in [(onlyInA, "A"), (onlyInB, "B")] where !names.isEmpty {
            lines.append("only in \(which), left out: \(names.joined(separator: ", "))")
        }
        for (name, values) in settings.sorted(by: { $0.key < $1.key }) {
            let texts = values.map { $0?.description ?? "none" }
            lines.append("setting \(name): \(texts.joined(separator: " -> "))")
        }
        return lines
    }

    private static func cells(_ difference: Difference) -> [String] {
        [
            difference.metric, NumberText.percent(difference.a), NumberText.percent(difference.b),
            NumberText.percent(difference.difference), difference.interval?.percentText ?? "",
            difference.probability.map { NumberText.decimal($0, digits: 4) } ?? "",
        ]
    }

    private static func text(_ example: Example) -> String {
        let best = [example.bestOfA, example.bestOfB].map { $0?.id ?? "none" }
        let input = example.input.map { " \"\(shortened($0))\"" } ?? ""
        return
            "\(example.query)\(input): \(NumberText.percent(example.a)) -> "
            + "\(NumberText.percent(example.b)), first \(best.joined(separator: " -> ")), right "
            + example.relevant.joined(separator: ", ")
    }

    /// The query on one line; the middle of a long one is cut.
    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= 120 ? line : "\(line.prefix(70)) ... \(line.suffix(45))"
    }
}

extension ConfidenceInterval {
    /// The bounds in per cent, such as `41.2 to 47.9`.
    var percentText: String { "\(NumberText.percent(lower)) to \(NumberText.percent(upper))" }
}
