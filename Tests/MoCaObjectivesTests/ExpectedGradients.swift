// The comparison of a model's gradients with golden ones.

import Foundation
import MoCaModel
import NN
import Testing
import Torch

extension ObjectiveFixtures {
    /// Compares gradients: in full with those of `full`, else by norm and product with a ramp.
    static func expectGradients(
        _ model: PretrainedModel, _ expected: Expected, full: GradientFile? = nil
    ) throws {
        for (key, tensor) in model.store.parameters {
            let values: [Float] = tensor.gradient?.array() ?? []
            let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard let numbers = expected.gradients[key] else {
                #expect(norm == 0, "\(key)")
                continue
            }
            // A floor keeps parameters whose true gradient vanishes (key biases) comparable.
            let floor = max(numbers[0], 1e-4 * expected.gradNorm)
            #expect(abs(norm - numbers[0]) <= 1e-4 * floor, "\(key)")
            if let golden: [Float] = try full?.values(key) {
                let error = zip(values, golden)
                    .reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }.squareRoot()
                #expect(values.count == golden.count && error <= 1e-4 * floor, "\(key)")
            } else if numbers[0] > 0 {
                let ramp = values.enumerated().reduce(0.0) { sum, item in
                    let position = Double(item.offset) / Double(max(1, values.count - 1))
                    return sum + Double(item.element) * (2 * position - 1)
                }
                let scale = floor * Double(values.count).squareRoot()
                #expect(abs(ramp - numbers[2]) <= 1e-4 * scale, "\(key)")
            }
        }
    }
}
