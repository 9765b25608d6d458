// The curves of a run, from the lines of its `metrics.jsonl`.

package import Foundation

/// One quantity over the steps of a run.
package struct Curve: Sendable, Hashable {
    /// A value at a step.
    package struct Point: Sendable, Hashable {
        package var step: Int
        package var value: Double

        package init(step: Int, value: Double) {
            self.step = step
            self.value = value
        }
    }

    package var name: String
    /// The points in the order of their steps.
    package var points: [Point]

    package init(_ name: String, points: [Point]) {
        self.name = name
        self.points = points
    }
}

/// The rows of `metrics.jsonl`.
package struct MetricsLog: Sendable {
    private var curves: [String: [Curve.Point]] = [:]

    /// What the loss of a subset is called by: the prefix, and the subset's name.
    package static let subsetPrefix = "subset_losses/"
    /// What a loss's term of a subset is called by: the prefix, the term, and the subset's name.
    package static let subsetTermPrefix = "subset_terms/"
    /// What the name of an evaluation's score begins with.
    static let scorePrefix = "eval/"

    /// The names of the quantities that are numbers or null in at least one row, sorted.
    package var names: [String] { curves.keys.sorted() }

    /// Reads `metrics.jsonl`.
    ///
    /// - Throws: `ReportError.unreadableMetrics`, `.invalidMetrics`.
    package init(contentsOf file: URL) throws {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw ReportError.unreadableMetrics(
                file: file.path, reason: error.localizedDescription)
        }
        try self.init(data, name: file.path)
    }

    /// Reads the text of `metrics.jsonl`. A last line without end, as a killed run leaves it, is
    /// left out if it cannot be read.
    ///
    /// - Throws: `ReportError.invalidMetrics`; `name` is what it calls the file.
    package init(_ data: Data, name: String) throws {
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            do {
                try add(line)
            } catch let fault as Fault {
                // What follows the last line's end is the part that was being written.
                if number == lines.count - 1 { break }
                throw ReportError.invalidMetrics(
                    file: name, line: number + 1, reason: fault.reason)
            }
        }
    }

    /// The quantity `key`, called `name`; nil if no row holds it.
    package func curve(_ key: String, as name: String) -> Curve? {
        curves[key].map { Curve(name, points: $0) }
    }

    private struct Fault: Error {
        let reason: String
    }

    private mutating func add(_ line: Data) throws {
        let object: Any
        do {
            object = try JSONSerialization.jsonObject(with: Data(line))
        } catch {
            throw Fault(reason: "it is not JSON")
        }
        guard let row = object as? [String: Any] else { throw Fault(reason: "it is no object") }
        guard let step = row["step"] as? Int else { throw Fault(reason: "it has no step") }
        for (key, value) in row where key != "step" { add(value, key, step) }
        for (subset, value) in row["subset_losses"] as? [String: Any] ?? [:] {
            add(value, Self.subsetPrefix + subset, step)
        }
        for (subset, terms) in row["subset_terms"] as? [String: [String: Any]] ?? [:] {
            for (term, share) in terms {
                guard let share = share as? [String: Any], let count = share["count"] as? Int,
                    count > 0
                else { continue }
                let sum = share["sum"] as? Double ?? .nan
                add(sum / Double(count), "\(Self.subsetTermPrefix)\(term)/\(subset)", step)
            }
        }
    }

    private mutating func add(_ value: Any, _ key: String, _ step: Int) {
        // JSON has no NaN: a loss that is not finite is written as null.
        guard let number = value is NSNull ? .nan : value as? Double else { return }
        curves[key, default: []].append(Curve.Point(step: step, value: number))
    }
}
