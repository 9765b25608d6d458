// Two clipped AdamW steps on the same batch against PyTorch's.

import Foundation
import MoCaModel
import MoCaTraining
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct OptimizerStepTests {
    struct Golden: Decodable {
        var lr: Double
        var betas: [Double]
        var eps: Double
        var weightDecay: Double
        var maxGradNorm: [String: Double]
        var runs: [String: [Step]]

        struct Step: Decodable {
            var loss: Double
            var gradNorm: Double
            var changes: [String: [Double]]

            enum CodingKeys: String, CodingKey {
                case loss, changes
                case gradNorm = "grad_norm"
            }
        }

        enum CodingKeys: String, CodingKey {
            case lr, betas, eps, runs
            case weightDecay = "weight_decay"
            case maxGradNorm = "max_grad_norm"
        }
    }

    @Test(arguments: ["pretrain_mixed", "contrastive_text"])
    func twoSteps(name: String) throws {
        let url = ObjectiveFixtures.folder.appending(path: "adamw.json")
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
        let weights = try GradientFile(
            ObjectiveFixtures.folder.appending(path: "adamw.safetensors"))
        let model = try ObjectiveFixtures.model()
        let parameters = model.store.parameters
        let start = Dictionary(
            uniqueKeysWithValues: parameters.map { ($0.key, $0.tensor.array(Float.self)) })
        let optimizer = AdamW(
            parameters,
            settings: .init(
                beta1: golden.betas[0], beta2: golden.betas[1], epsilon: golden.eps,
                weightDecay: golden.weightDecay))
        for (number, step) in try #require(golden.runs[name]).enumerated() {
            optimizer.clearGradients()
            let result = try run(name, model)
            #expect(difference(result.loss, step.loss) <= 2e-5)
            #expect(difference(result.gradNorm, step.gradNorm) <= 1e-4)
            GradientClipping.clip(
                parameters.map(\.tensor), norm: result.gradNorm,
                maxNorm: golden.maxGradNorm[name]!)
            optimizer.step(learningRate: golden.lr)
            for (key, tensor) in parameters {
                let values: [Float] = tensor.array()
                let change = zip(values, start[key]!)
                    .reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }.squareRoot()
                let expected = step.changes[key]?[0] ?? 0
                // Adam divides by the size of the gradient, so rounding shows in vanishing ones.
                #expect(abs(change - expected) <= 5e-3 * max(expected, 1e-4), "\(key)")
                if let whole = try weights.values("\(name).step\(number + 1).\(key)") {
                    let worst = zip(values, whole).map { abs($0 - $1) }.max() ?? .infinity
                    #expect(worst <= 2e-5, "\(key)")
                }
            }
        }
    }

    private func run(_ name: String, _ model: PretrainedModel) throws -> Replay.Result {
        let file = try ObjectiveFixtures.batch(name, model)
        if name.hasPrefix("pretrain") {
            let objective = ReconstructionObjective(
                model.reconstruction!, .init(maeWeight: 0.1))
            return Replay(model).run(objective, try file.reconstruction())
        }
        let objective = ContrastiveObjective(
            EmbeddingModel(model.backbone, PoolingSettings()),
            .init(temperature: 0.03, masksRepeatedPositives: false))
        return Replay(model).run(objective, try file.contrastive())
    }
}
