// Sums of many gradients in 16 bits lose what float32 keeps.

import Foundation
import MoCaCore
import MoCaModel
import MoCaTraining
import NN
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct WideGradientTests {
    private static let parts = 128

    private func model(isWide: Bool) throws -> PretrainedModel {
        let model = try PretrainedModel(
            loading: ObjectiveFixtures.folder.appending(path: "checkpoint"),
            LoadOptions(dtype: .bfloat16, purpose: .pretraining, isTrainable: true))
        if isWide { model.store.widenGradients() }
        return model
    }

    private func gradients(_ model: PretrainedModel) -> [String: [Float]] {
        Dictionary(
            uniqueKeysWithValues: model.store.parameters.compactMap { key, tensor in
                tensor.gradient.map { (key, $0.to(.float32).array()) }
            })
    }

    private func clear(_ model: PretrainedModel) {
        for (_, tensor) in model.store.parameters { tensor.setGradient(nil) }
    }

    /// The greatest relative difference of a parameter's gradients, with a floor for those that
    /// vanish.
    private func difference(_ x: [String: [Float]], _ y: [String: [Float]]) -> Double {
        func norm(_ values: [Float]) -> Double {
            values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let whole = y.values.map(norm).max() ?? 0
        return y.map { key, values in
            norm(zip(x[key] ?? [], values).map { $0 - $1 }) / max(norm(values), 1e-3 * whole)
        }.max() ?? .infinity
    }

    /// Micro-batches of a step, against each alone and summed in float32. A power of two of equal
    /// parts: the division by their number is exact.
    @Test(arguments: ["pretrain_text", "contrastive_text"])
    func partsAreSummedInFloat32(name: String) throws {
        func step(_ count: Int, _ model: PretrainedModel) throws -> [String: [Float]] {
            clear(model)
            let file = try ObjectiveFixtures.batch(name, model)
            if name.hasPrefix("pretrain") {
                let objective = ReconstructionObjective(try #require(model.reconstruction), .init())
                let batch = try file.reconstruction()
                _ = objective.step(
                    [ReconstructionBatch](repeating: batch, count: count), over: SingleProcess())
            } else {
                let objective = ContrastiveObjective(
                    EmbeddingModel(model.backbone, PoolingSettings()), .init(temperature: 0.05))
                let batch = try file.contrastive()
                _ = objective.step(
                    [ContrastiveBatch](repeating: batch, count: count), over: SingleProcess())
            }
            return gradients(model)
        }
        let (narrow, wide) = (try model(isWide: false), try model(isWide: true))
        // Equal parts: their mean is each of them.
        let reference = try step(1, wide)
        let errors = (
            narrow: difference(try step(Self.parts, narrow), reference),
            wide: difference(try step(Self.parts, wide), reference)
        )
        #expect(wide.store.tensors["model.norm.weight"]?.gradient?.dtype == .float32)
        #expect(narrow.store.tensors["model.norm.weight"]?.gradient?.dtype == .bfloat16)
        #expect(errors.wide < 2e-3, "\(errors)")
        #expect(errors.narrow > 20 * errors.wide, "\(errors)")
    }

    /// Pieces of a cached batch, against each alone and summed in float32.
    @Test func piecesAreSummedInFloat32() throws {
        let settings = ContrastiveObjective.Settings(temperature: 0.05, hardNegativeScope: .own)
        func many(_ model: PretrainedModel) throws -> ContrastiveBatch {
            let one = try ObjectiveFixtures.batch("contrastive_text", model).contrastive()
                .inPieces(tokensMax: 1)
            let (count, size, queries) = (24, one.sequences.count, one.queryCount)
            let places = { (range: Range<Int>) in
                (0..<count).flatMap { copy in one.sequences[range].map { $0 + copy * size } }
            }
            return ContrastiveBatch(
                pieces: (0..<count).flatMap { _ in one.pieces },
                sequences: places(0..<queries) + places(queries..<2 * queries)
                    + places(2 * queries..<size),
                negativeCounts: (0..<count).flatMap { _ in one.negativeCounts })
        }
        func cached(_ model: PretrainedModel) throws -> [String: [Float]] {
            let objective = ContrastiveObjective(
                EmbeddingModel(model.backbone, PoolingSettings()), settings)
            _ = objective.step([try many(model)], over: SingleProcess())
            return gradients(model)
        }
        let (narrow, wide) = (try model(isWide: false), try model(isWide: true))
        let batch = try many(wide)
        #expect(batch.pieces.count > 100)
        // The same computation piece by piece, summed here.
        let encoder = EmbeddingModel(wide.backbone, PoolingSettings())
        let vectors = withoutGradient { Tensor.concatenated(batch.pieces.map { encoder($0) }) }
        vectors.setRequiresGradient(true)
        let loss = ContrastiveLoss(
            settings: settings, batch: batch, layout: CandidateLayout(batch, SingleProcess()),
            collectives: SingleProcess(), scale: nil)
        let sum = loss.sums(vectors.indexed(0, by: Tensor(batch.sequences))).contrastive
        (sum * (1 / Double(batch.queryCount))).backward()
        let gradient = try #require(vectors.gradient)
        var (reference, row) = ([String: [Float]](), 0)
        for piece in batch.pieces {
            clear(wide)
            encoder(piece).backward(
                gradient: gradient.narrowed(0, row..<row + piece.sequenceCount))
            row += piece.sequenceCount
            reference.merge(gradients(wide)) { zip($0, $1).map { $0 + $1 } }
        }
        clear(wide)
        let errors = (
            narrow: difference(try cached(narrow), reference),
            wide: difference(try cached(wide), reference)
        )
        #expect(errors.wide < 1e-5, "\(errors)")
        #expect(errors.narrow > 5e-3, "\(errors)")
    }
}
