// Timing of whole optimiser steps over one input.

package import Foundation
package import MoCaCore
import MoCaImage
package import MoCaModel
import MoCaObjectives
package import MoCaProcessing
import MoCaTokenizer
import NN
package import Torch

/// Trains on one input several times; the fastest pass counts.
///
/// Pre-training masks 0.4 of the text and 0.5 of the patches; fine-tuning pairs every record with
/// its text alone.
package struct TrainingBenchmark: Sendable {
    private static let maxNorm = 5.0
    private static let learningRate = 1e-5
    private static let positiveCharactersMax = 200

    /// The model's folder.
    package let model: URL
    package let stage: Recipe.Stage
    package let device: Device
    /// The type of weights and optimiser states; nil leaves it to the loader.
    package var dtype: DType?
    /// An adapter to train; nil trains the model itself.
    package var adapter: URL?
    /// The number of records in a step.
    package var batchSize = 8
    /// The maximum number of tokens in a record.
    package var maxLength = 1280
    package var checkpointing = ActivationCheckpointing.none
    /// Whether the logits of all masked tokens exist at once, as in a plain implementation.
    package var keepsLogits = false

    package init(model: URL, stage: Recipe.Stage, device: Device) {
        self.model = model
        self.stage = stage
        self.device = device
    }

    /// Times `repeats` passes on the calling thread, after one warm-up step.
    ///
    /// - Throws: A `UserFacingError`.
    package func run(_ contents: [Content], repeats: Int) throws -> Throughput {
        let clock = ContinuousClock()
        let start = clock.now
        let steps = try catchingTorchErrors { try TrainingSteps(self) }
        let loadSeconds = (clock.now - start).seconds
        var peak = GEMMPeak.measure(steps.dtype, on: device)
        var discarded = Throughput.Pass()
        try step(Array(contents.prefix(batchSize)), steps, &discarded)
        var best: Throughput.Pass?
        for _ in 0..<repeats {
            let pass = try pass(contents, steps)
            if pass.seconds < best?.seconds ?? .infinity { best = pass }
        }
        peak = peak.best(GEMMPeak.measure(steps.dtype, on: device))
        var throughput = Throughput(
            task: stage == .pretrain ? "train-pretrain" : "train-contrastive",
            best ?? Throughput.Pass(), peak: peak,
            loadSeconds: loadSeconds, dtype: steps.dtype.rawValue, threads: LibTorch.threadCount)
        throughput.stepMemory = try stepMemory(contents, steps)
        return throughput
    }

    /// Returns the memory of one more step, measured between updates as in a run.
    private func stepMemory(
        _ contents: [Content], _ steps: TrainingSteps
    ) throws -> Throughput.StepMemory? {
        guard ProcessMemory.restartPeak(), let before = ProcessMemory.residentBytes else {
            return nil
        }
        var discarded = Throughput.Pass()
        try step(Array(contents.prefix(batchSize)), steps, &discarded)
        return ProcessMemory.restartedPeakBytes.map {
            Throughput.StepMemory(residentBytes: before, peakBytes: $0)
        }
    }

    private func pass(_ contents: [Content], _ steps: TrainingSteps) throws -> Throughput.Pass {
        let clock = ContinuousClock()
        let (start, processor) = (clock.now, ProcessMemory.processorSeconds)
        var pass = Throughput.Pass()
        for first in stride(from: 0, to: contents.count, by: batchSize) {
            let part = contents[first..<min(first + batchSize, contents.count)]
            try step(Array(part), steps, &pass)
        }
        pass.items = contents.count
        pass.seconds = (clock.now - start).seconds
        pass.processorSeconds = ProcessMemory.processorSeconds - processor
        return pass
    }

    private func step(
        _ contents: [Content], _ steps: TrainingSteps, _ pass: inout Throughput.Pass
    ) throws {
        try catchingTorchErrors {
            switch stage {
            case .pretrain: try steps.pretrain(contents, &pass)
            case .finetune: try steps.contrast(contents, positives(contents), &pass)
            }
        }
    }

    /// Returns the text of each content, without its images.
    private func positives(_ contents: [Content]) -> [Content] {
        contents.map { content in
            let texts = content.segments.compactMap { segment in
                if case .text(let text) = segment { text } else { nil }
            }
            let text = String(texts.joined().prefix(Self.positiveCharactersMax))
            return .text(text.isEmpty ? "x" : text)
        }
    }

    /// Clips and updates with the settings of the reference implementation.
    static func update(_ parameters: [Tensor], _ optimizer: AdamW) {
        let norm = GradientClipping.totalNorm(parameters)
        GradientClipping.clip(parameters, norm: norm, maxNorm: maxNorm)
        optimizer.step(learningRate: learningRate)
        optimizer.clearGradients()
    }
}

/// A model with its optimiser.
private struct TrainingSteps {
    let dtype: DType
    private let configuration: any BackboneConfiguration
    private let processor: Processor
    private let collator: Collator
    private let cost: any ForwardCost
    private let masking: Masking?
    private let reconstruction: ReconstructionObjective?
    private let contrastive: ContrastiveObjective
    private let parameters: [Tensor]
    private let optimizer: AdamW

    init(_ benchmark: TrainingBenchmark) throws {
        let loaded = try PretrainedModel(
            loading: benchmark.model,
            LoadOptions(
                dtype: benchmark.dtype, device: benchmark.device,
                purpose: benchmark.stage == .pretrain ? .pretraining : .embedding,
                isTrainable: true, adapter: benchmark.adapter.map { .stored($0) }))
        configuration = loaded.configuration
        dtype = loaded.store.dtype
        processor = try Processor(
            folder: benchmark.model, configuration: configuration,
            truncation: Truncation(maxLength: benchmark.maxLength, policy: .end))
        collator = Collator(configuration, processor.images.configuration)
        cost = configuration.forwardCost
        let tokenizer = processor.tokenizer.addingMaskToken()
        masking = tokenizer.maskTokenID.map {
            Masking(
                .init(noise: .shared), maskToken: $0,
                specialTokens: Set(tokenizer.specialTokenIDs))
        }
        reconstruction = loaded.reconstruction.map { model in
            var model = model
            model.backbone.checkpointing = benchmark.checkpointing
            var objective = ReconstructionObjective(model, .init(maeWeight: 0.1))
            objective.keepsLogits = benchmark.keepsLogits
            return objective
        }
        var backbone = loaded.backbone
        backbone.checkpointing = benchmark.checkpointing
        contrastive = ContrastiveObjective(
            EmbeddingModel(backbone, PoolingSettings()),
            .init(temperature: 0.03, masksRepeatedPositives: false))
        parameters = loaded.store.trainableParameters.map(\.tensor)
        optimizer = AdamW(loaded.store.trainableParameters, settings: .init(weightDecay: 0.01))
    }

    /// Takes one step of masked reconstruction.
    func pretrain(_ contents: [Content], _ pass: inout Throughput.Pass) throws {
        guard let reconstruction, let masking else { return }
        let outlines = try outlines(contents, &pass)
        let patches = try outlines.map { try processor.patches(of: $0) }
        var random = RandomSource(seed: 0)
        let batch = try masking.corrupt(
            outlines.map(\.sequence), pixels: collator.pixels(patches),
            for: configuration, using: &random)
        pass.operations += 3 * cost.ofLogits * Double(batch.maskedTokens.count)
        _ = reconstruction.step([batch], over: SingleProcess())
        TrainingBenchmark.update(parameters, optimizer)
    }

    /// Takes one step of contrastive learning.
    func contrast(
        _ queries: [Content], _ positives: [Content], _ pass: inout Throughput.Pass
    ) throws {
        let outlines = try outlines(queries + positives, &pass)
        let packed = try collator.pack(
            outlines, patches: outlines.map { try processor.patches(of: $0) })
        let batch = ContrastiveBatch(
            input: packed.input, sequences: packed.places,
            negativeCounts: [Int](repeating: 0, count: queries.count))
        _ = contrastive.step([batch], over: SingleProcess())
        TrainingBenchmark.update(parameters, optimizer)
    }

    private func outlines(
        _ contents: [Content], _ pass: inout Throughput.Pass
    ) throws -> [InputOutline] {
        // A backward pass costs two forward passes.
        var forward = Throughput.Pass()
        let outlines = try contents.map { try processor.outline($0) }
        for outline in outlines { forward.add(outline, cost) }
        pass.tokens += forward.tokens
        pass.patches += forward.patches
        pass.operations += 3 * forward.operations
        return outlines
    }
}
