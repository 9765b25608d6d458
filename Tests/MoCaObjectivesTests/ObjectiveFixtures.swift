// The golden loss batches.

import Foundation
import MoCaModel
import MoCaTestSupport
import MoCaTraining
import Torch

@testable import MoCaObjectives

enum ObjectiveFixtures {
    static let folder = Repository.fixtures.appending(path: "model")

    /// A row of `losses.json`.
    struct Expected: Decodable {
        var loss: Double
        var mlmLoss: Double?
        var mlmLossShifted: Double?
        var maeLoss: Double?
        var maeWeight: Double?
        var lossBatchScope: Double?
        var lossRepeatsMasked: Double?
        var temperature: Double?
        var gradNorm: Double
        /// By checkpoint key: norm, sum, product with a ramp from -1 to 1.
        var gradients: [String: [Double]]
    }

    static func expected(in folder: URL = folder) throws -> [String: Expected] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            // Only the names of fields are converted, not checkpoint keys.
            let name = path.last!.stringValue
            let words = name.split(separator: "_")
            guard path.count == 2, words.count > 1 else { return path.last! }
            let joined = words.dropFirst().reduce(String(words[0])) { $0 + $1.capitalized }
            return Key(stringValue: joined)
        }
        return try decoder.decode(
            [String: Expected].self, from: Data(contentsOf: folder.appending(path: "losses.json")))
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    static func configuration() throws -> Qwen25VLConfiguration {
        let file = folder.appending(path: "checkpoint/config.json")
        return try Qwen25VLConfiguration(parsing: Data(contentsOf: file), file: file.path)
    }

    static func model() throws -> PretrainedModel {
        try PretrainedModel(
            loading: folder.appending(path: "checkpoint"),
            LoadOptions(dtype: .float32, purpose: .pretraining, isTrainable: true))
    }

    static func batch(_ name: String, _ model: PretrainedModel) throws -> ReplayBatch {
        try ReplayBatch(
            reading: folder.appending(path: "\(name).safetensors"), for: model.configuration)
    }
}

/// Relative difference, absolute under 0.1.
func difference(_ x: Double, _ y: Double) -> Double {
    abs(x - y) / max(abs(y), 0.1)
}
