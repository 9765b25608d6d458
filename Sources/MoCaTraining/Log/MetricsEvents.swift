// Lines of metrics.jsonl and health.jsonl as scalars of an event file: whatever is a number there.

import Foundation
import MoCaSettings

extension EventFile {
    /// Writes every number of a line of JSON that has a `step`; objects give their names as folders.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `JSONFault`.
    func append(numbersOf line: String, folder: String = "") throws {
        let row = try JSON(parsing: Data(line.utf8))
        guard case .object(let fields) = row, case .integer(let step)? = fields["step"] else {
            return
        }
        let numbers = Self.numbers(fields, folder).filter { $0.tag != "step" }
        try append(numbers.map { ($0.tag, .scalar($0.value)) }, step: step)
    }

    private static func numbers(
        _ fields: JSONObject, _ folder: String
    ) -> [(tag: String, value: Double)] {
        fields.sorted { $0.key < $1.key }.flatMap { key, value -> [(tag: String, value: Double)] in
            switch value {
            case .integer(let number): [(folder + key, Double(number))]
            case .number(let number): [(folder + key, number)]
            case .object(let inner): numbers(inner, "\(folder)\(key)/")
            default: []
            }
        }
    }
}
