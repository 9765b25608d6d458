// Gradients of adapters against PEFT's, and memory techniques on them.

import Foundation
import MoCaCore
import MoCaModel
import MoCaTraining
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct AdapterGradientTests {
    private let adapters = ObjectiveFixtures.folder.deletingLastPathComponent()
        .appending(path: "adapters")

    private func gradients(
        _ name: String, checkpointing: ActivationCheckpointing = .none,
        place: StepContext.Place? = nil
    ) throws -> (loss: Double, gradients: [String: Tensor]) {
        let model = try PretrainedModel(
            loading: ObjectiveFixtures.folder.appending(path: "checkpoint"),
            LoadOptions(
                dtype: .float32, isTrainable: true,
                adapter: .stored(adapters.appending(path: name))))
        let batch = try ReplayBatch(
            reading: ObjectiveFixtures.folder.appending(path: "contrastive_counts.safetensors"),
            for: model.configuration
        ).contrastive()
        var backbone = model.backbone
        backbone.checkpointing = checkpointing
        let objective = ContrastiveObjective(
            EmbeddingModel(backbone, PoolingSettings()),
            .init(temperature: 0.03, masksRepeatedPositives: false))
        model.store.context.place = place
        let terms = objective.step([batch], over: SingleProcess())
        let pairs = model.store.trainableParameters.map { ($0.key, $0.tensor.gradient) }
        #expect(model.store.parameters.allSatisfy { $0.tensor.gradient == nil })
        return (
            terms.loss,
            Dictionary(uniqueKeysWithValues: pairs).compactMapValues { $0 }
        )
    }

    private func norm(_ tensor: Tensor) -> Double {
        tensor.array(Float.self).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    @Test(arguments: ["released", "pattern"], ActivationCheckpointing.allCases)
    func gradientsAreThoseOfPEFT(
        name: String, checkpointing: ActivationCheckpointing
    ) throws {
        let file = try SafetensorsFile(
            mapping: adapters.appending(path: "\(name)/golden.safetensors"))
        let result = try gradients(name, checkpointing: checkpointing)
        let loss = try #require(try Tensor("loss", in: file)).item()
        #expect(difference(result.loss, loss) <= 2e-5)
        let prefix = "gradient."
        let golden = try file.names.filter { $0.hasPrefix(prefix) }.map { key in
            (
                key: String(key.dropFirst(prefix.count)),
                tensor: try #require(try Tensor(key, in: file))
            )
        }
        #expect(Set(golden.map(\.key)) == Set(result.gradients.keys))
        let whole = golden.reduce(0.0) { $0 + pow(norm($1.tensor), 2) }.squareRoot()
        for (key, tensor) in golden {
            let own = try #require(result.gradients[key])
            #expect(own.shape == tensor.shape)
            let floor = max(norm(tensor), 1e-4 * whole)
            #expect(norm(own - tensor) <= 1e-4 * floor, "\(key)")
        }
    }

    /// With dropout, layers that are computed again drop what they dropped before.
    @Test func dropoutIsReplayedByRecomputedLayers() throws {
        let place = StepContext.Place(step: 7)
        let plain = try gradients("released", place: place)
        for checkpointing in [ActivationCheckpointing.selective, .full] {
            let again = try gradients("released", checkpointing: checkpointing, place: place)
            #expect(again.loss == plain.loss)
            for (key, tensor) in plain.gradients {
                let error = norm(tensor - again.gradients[key]!)
                #expect(error <= 1e-4 * max(norm(tensor), 1e-3), "\(key)")
            }
        }
        #expect(try gradients("released").loss != plain.loss)
        #expect(try gradients("released", place: .init(step: 8)).loss != plain.loss)
    }
}
