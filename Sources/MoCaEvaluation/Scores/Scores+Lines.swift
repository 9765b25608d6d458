// Scores as lines of text.

import MoCaCore

extension Scores {
    /// The lines that `moca evaluate` prints, in per cent: name, measure, value, interval, chance,
    /// queries.
    package var lines: [String] {
        var rows = [["set", "measure", "score", "95 %", "chance", "queries"]]
        for (name, score) in sets.sorted(by: { $0.key < $1.key }) {
            let metric = headline(of: name)
            rows.append([
                name, metric, Self.percent(score.value(of: metric)),
                score.interval(of: metric)?.percentText ?? "",
                Self.percent(score.chance(of: metric)), "\(score.queryCount)",
            ])
        }
        for (name, group) in groups.sorted(by: { $0.key < $1.key }) {
            let missing = group.missing.isEmpty ? "" : ", \(group.missing.count) missing"
            rows.append([
                "= \(name)", group.metric, Self.percent(group.mean),
                group.interval?.percentText ?? "", "",
                NumberText.counted(group.sets.count, "set") + missing,
            ])
        }
        return TextTable.lines(rows) + [partReason].compactMap { $0 }
    }

    /// The values of all sets and means by name, such as `SET/precision_at_1`.
    package var namedValues: [String: Double] {
        var named: [String: Double] = [:]
        for (name, score) in sets {
            for (metric, value) in score.values { named["\(name)/\(metric)"] = value }
        }
        for (name, group) in groups { named["\(name)/\(group.metric)"] = group.mean }
        return named
    }

    private static func percent(_ value: Double?) -> String {
        value.map(NumberText.percent) ?? ""
    }
}
