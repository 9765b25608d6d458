// What is masked: shares, spans, schedules, and streams that belong to samples.

import MoCaCore
import MoCaModel
import MoCaTraining
import Testing
import Torch

@testable import MoCaObjectives

@Suite struct MaskingTests {
    private func masking(_ settings: Masking.Settings) -> Masking {
        Masking(settings, maskToken: 1, specialTokens: [0])
    }

    private func configuration() throws -> Qwen25VLConfiguration {
        try ObjectiveFixtures.configuration()
    }

    private func text(_ count: Int, from first: Int32 = 2) -> EncoderInput.Sequence {
        .init(ids: (0..<count).map { first + Int32($0 % 40) })
    }

    /// The share of masked tokens and the mean length of masked runs in many texts.
    private func figures(
        ratio: Double, span: Double
    ) throws -> (share: Double, run: Double) {
        var settings = Masking.Settings(mlmRatio: ratio)
        settings.spanLength = span
        var random = RandomSource(seed: 5)
        let (count, length) = (400, 100)
        let batch = try masking(settings).corrupt(
            (0..<count).map { _ in text(length) }, pixels: nil, for: configuration(),
            using: &random)
        let masked = Set(batch.maskedTokens)
        let runs = batch.maskedTokens.count { !masked.contains($0 - 1) || $0 % length == 0 }
        return (
            Double(masked.count) / Double(count * length), Double(masked.count) / Double(runs)
        )
    }

    @Test func tokensAreMaskedByThemselvesWithoutSpans() throws {
        let found = try figures(ratio: 0.4, span: 1)
        #expect(abs(found.share - 0.4) < 0.01)
        // Runs of independent masks have mean length 1 / (1 - ratio).
        #expect(abs(found.run - 1 / 0.6) < 0.05)
    }

    @Test(arguments: [0.15, 0.4], [2.0, 3.8])
    func spansKeepTheRatio(ratio: Double, span: Double) throws {
        let found = try figures(ratio: ratio, span: span)
        #expect(abs(found.share - ratio) < 0.015)
        // A span ends without another beginning with probability (1 - start) / span a token.
        let start = (ratio / span) / (1 - ratio + ratio / span)
        let run = span / (1 - start)
        #expect(abs(found.run - run) < 0.1 * run)
    }

    @Test func ratiosGoAlongALine() {
        var settings = Masking.Settings(mlmRatio: 0.4, maeRatio: 0.5)
        #expect(settings.at(0.7) == settings)
        settings.mlmRatioEnd = 0.2
        settings.maeRatioEnd = 1
        #expect(settings.at(0).mlmRatio == 0.4)
        #expect(abs(settings.at(0.5).mlmRatio - 0.3) < 1e-12)
        #expect(abs(settings.at(1).maeRatio - 1) < 1e-12)
    }

    /// A sequence gets the same masks and the same noise alone and with others.
    @Test(arguments: PatchNoise.allCases)
    func streamsBelongToSequences(noise: PatchNoise) throws {
        let configuration = try configuration()
        let tokens = configuration.tokens
        let picture = EncoderInput.Sequence(
            ids: [tokens.visionStart] + Array(repeating: tokens.image, count: 4)
                + [tokens.visionEnd, 3, 4, 5],
            grids: [ImageGrid(t: 1, h: 4, w: 4)])
        let masking = Masking(
            .init(mlmRatio: 0.5, maeRatio: 0.5, noise: noise), maskToken: 1,
            specialTokens: [tokens.visionStart, tokens.visionEnd])
        let width = configuration.vision.patchValueCount
        func corrupt(_ names: [String]) throws -> ReconstructionBatch {
            let streams = Masking.Streams(
                sequences: names.map { Masking.Streams.sample(seed: 3, epoch: 0, name: $0) },
                shared: Masking.Streams.shared(seed: 3, step: 9))
            return try masking.corrupt(
                names.map { _ in picture },
                pixels: PatchPixels(values: .zeros([16 * names.count, width])), for: configuration,
                streams: streams)
        }
        let together = try corrupt(["s#1", "s#2", "s#3"])
        for (number, name) in ["s#1", "s#2", "s#3"].enumerated() {
            let alone = try corrupt([name])
            let range = 9 * number..<9 * (number + 1)
            #expect(Array(together.input.ids[range]) == alone.input.ids)
            let pixels = together.input.pixelValues?.narrowed(0, 16 * number..<16 * (number + 1))
            #expect(
                pixels?.array(Float.self) == alone.input.pixelValues?.array(Float.self))
        }
        let other = Masking.Streams.sample(seed: 3, epoch: 1, name: "s#1")
        #expect(other != Masking.Streams.sample(seed: 3, epoch: 0, name: "s#1"))
    }

    /// Noise is drawn by several threads, with the numbers of one draw a sequence, and covers bytes as
    /// it covers numbers.
    @Test(arguments: [false, true])
    func noiseIsThatOfItsStream(isBytes: Bool) throws {
        let configuration = try configuration()
        let tokens = configuration.tokens
        let width = configuration.vision.patchValueCount
        let picture = EncoderInput.Sequence(
            ids: [tokens.visionStart] + Array(repeating: tokens.image, count: 36)
                + [tokens.visionEnd],
            grids: [ImageGrid(t: 1, h: 12, w: 12)])
        let text = EncoderInput.Sequence(ids: [3, 4, 5], grids: [])
        let sequences = [picture, text, picture, picture]
        let values = (0..<3 * 144 * width).map { place in
            isBytes
                ? Float((place / width + place % (width / 6) + place % width / (width / 3)) % 256)
                : Float(place)
        }
        var streams = Masking.Streams(
            sequences: sequences.indices.map {
                Masking.Streams.sample(seed: 3, epoch: 0, name: "s#\($0)")
            }, shared: Masking.Streams.shared(seed: 3, step: 9))
        let batch = try Masking(
            .init(mlmRatio: 0, maeRatio: 0.5), maskToken: 1,
            specialTokens: [tokens.visionStart, tokens.visionEnd]
        ).corrupt(
            sequences,
            pixels: isBytes
                ? bytes(values, width) : PatchPixels(values: Tensor(values, shape: [432, width])),
            for: configuration, streams: streams)
        var expected = values
        var originals: [Float] = []
        for (place, number) in [0, 2, 3].enumerated() {
            // One draw of the mask for each image token, then one seed.
            let masked = (0..<36).filter { _ in
                Double(streams.sequences[number].uniform()) < 0.5
            }
            let rows = masked.flatMap { group in (0..<4).map { place * 144 + group * 4 + $0 } }
            let noise = Tensor.normal([rows.count, width], using: &streams.sequences[number])
                .array(Float.self)
            for (index, row) in rows.enumerated() {
                let range = row * width..<(row + 1) * width
                originals += values[range]
                expected.replaceSubrange(range, with: noise[index * width..<(index + 1) * width])
            }
        }
        #expect(batch.input.pixelValues?.array(Float.self) == expected)
        #expect(batch.patchTargets?.array(Float.self) == originals)
    }

    /// Patches whose bytes stand for themselves, from rows whose two frames are equal.
    private func bytes(_ values: [Float], _ width: Int) -> PatchPixels? {
        let area = width / 6
        let frames = stride(from: 0, to: values.count, by: 2 * area)
            .flatMap { values[$0..<$0 + area].map { UInt8($0) } }
        return PatchPixels(
            [ImagePatches(grid: ImageGrid(t: 1, h: 1, w: values.count / width), bytes: frames)],
            PatchNormalization(table: (0..<768).map { Float($0 % 256) }, frameCount: 2))
    }

    /// Accuracy and shares of subsets are counted beside the loss, and add up to it.
    @Test func subsetsAddUpToTheWhole() throws {
        let model = try ObjectiveFixtures.model()
        let objective = ReconstructionObjective(
            try #require(model.reconstruction), .init(maeWeight: 0.5, tokenTarget: .previous))
        var batch = try ObjectiveFixtures.batch("pretrain_mixed", model).reconstruction()
        let plain = objective.step([batch], over: SingleProcess())
        #expect(plain.subsets.isEmpty)
        batch.subsets = SequenceSubsets(names: ["a", "unused", "b"], numbers: [2, 0, 2])
        let terms = objective.step([batch], over: SingleProcess())
        #expect(terms.terms == plain.terms)
        #expect(terms.subsets.keys.sorted() == ["a", "b"])
        for (index, term) in terms.terms.enumerated() {
            let parts = terms.subsets.values.map { $0[index] }
            #expect(
                parts.allSatisfy { $0.name == term.name && $0.total.weight == term.total.weight })
            #expect(parts.reduce(0) { $0 + $1.total.count } == term.total.count)
            #expect(
                abs(parts.reduce(0) { $0 + $1.total.sum } - term.total.sum) <= 1e-9
                    * abs(term.total.sum))
        }
        let accuracy = try #require(terms.terms.first { $0.name == "mlm_accuracy" }).total
        #expect(accuracy.weight == 0 && (0...accuracy.count).contains(Int(accuracy.sum)))
        // Against the logits themselves.
        let predictions = batch.predictions(.previous)
        let output = objective.model.encode(batch.input)
        let logits: [Float] = objective.model.tokenLogits(
            output.hidden.indexed(0, by: Tensor(predictions.states))
        ).array()
        let columns = model.configuration.vocabularySize
        let right = predictions.ids.enumerated().count { row, id in
            let own = logits[row * columns..<(row + 1) * columns]
            return own.max() == own[row * columns + Int(id)]
        }
        #expect(Int(accuracy.sum) == right)
    }
}
