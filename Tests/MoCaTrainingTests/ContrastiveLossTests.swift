// The options of the contrastive loss against sentence-transformers, on fixed vectors: the keys of
// a recipe, the loss, and the gradients of every vector.

import Foundation
import MoCaCore
import MoCaModel
import MoCaTestSupport
import Safetensors
import Testing
import Torch

@testable import MoCaObjectives
@testable import MoCaTraining

@Suite struct ContrastiveLossTests {
    static let folder = Repository.root.appending(path: "Tests/Fixtures/contrastive")
    static let names = [
        "ranking", "symmetric", "gist_absolute", "gist_relative", "int8", "binary",
        "distillation", "matryoshka",
    ]

    private func golden(_ name: String) throws -> (settings: [String: Any], row: [String: Any]) {
        let data = try Data(contentsOf: Self.folder.appending(path: "losses.json"))
        let table = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
        let row = try #require(table?[name])
        return (try #require(row["settings"] as? [String: Any]), row)
    }

    /// The settings as the keys of a recipe.
    private func settings(_ keys: [String: Any]) throws -> ContrastiveObjective.Settings {
        var keys = keys
        keys["negatives"] = nil
        // Distillation asks for them.
        keys["hard_negatives"] = 2
        let text = String(
            decoding: try JSONSerialization.data(withJSONObject: keys), as: UTF8.self)
        var saved = Recipe.ObjectiveSettings.contrastive(.init())
        try saved.read(metadata: ["settings": text], file: "losses.json")
        guard case .contrastive(let contrastive) = saved else { throw CancellationError() }
        // Written and read again they are the same.
        var again = Recipe.ObjectiveSettings.contrastive(.init())
        try again.read(metadata: saved.metadata(), file: "losses.json")
        #expect(again == saved)
        return contrastive.loss
    }

    private func tensor(_ name: String) throws -> Tensor {
        let file = try SafetensorsFile(mapping: Self.folder.appending(path: "vectors.safetensors"))
        return try #require(try Tensor(name, in: file)).clone()
    }

    /// A batch of the fixture's shape, whose vectors are given.
    private func batch(_ queries: Int, negatives: Int, scores: [Double]) -> ContrastiveBatch {
        var batch = ContrastiveBatch(
            pieces: [], sequences: Array(0..<queries * (2 + negatives)),
            negativeCounts: [Int](repeating: negatives, count: queries))
        batch.teacherScores = scores
        return batch
    }

    /// Positives' scores, then negatives', of rows that hold both.
    private func teacherScores() throws -> [Double] {
        let teacher = try tensor("teacher")
        let (rows, columns) = teacher.sizes2()
        let values: [Double] = teacher.array()
        return (0..<rows).map { values[$0 * columns] }
            + (0..<rows).flatMap { values[$0 * columns + 1..<($0 + 1) * columns] }
    }

    @Test(arguments: names)
    func lossAndGradientsEqualTheLibrary(name: String) throws {
        let (keys, row) = try golden(name)
        let settings = try settings(keys)
        let sides = try ["query", "positive", "negative"].map { try tensor($0) }
        for side in sides { side.setRequiresGradient(true) }
        let (queries, _) = sides[0].sizes2()
        let negatives = keys["negatives"] as? Int ?? 2
        var used = sides
        if negatives == 1 {
            used[2] = sides[2].indexed(0, by: Tensor((0..<queries).map { 2 * $0 }))
        }
        let batch = batch(
            queries, negatives: negatives, scores: negatives == 2 ? try teacherScores() : [])
        let loss = ContrastiveLoss(
            settings: settings, batch: batch,
            layout: CandidateLayout(batch, SingleProcess()), collectives: SingleProcess(),
            scale: nil)
        let sums = loss.sums(EmbeddingModel.normalize(.concatenated(used)))
        var total = sums.contrastive / Double(queries)
        if let distillation = sums.distillation {
            total = total + distillation * (settings.distillationWeight / Double(queries))
        }
        total.backward()
        let expected = try #require(row["loss"] as? Double)
        #expect(abs(total.item() - expected) <= 1e-5 * expected, "\(total.item()) \(expected)")
        for (side, tensor) in zip(["query", "positive", "negative"], sides) {
            let golden: [Float] = try self.tensor("\(name).\(side)").array()
            let found: [Float] = try #require(tensor.gradient).array()
            let norm = golden.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let error = zip(found, golden).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            #expect(error.squareRoot() <= 1e-4 * norm, "\(side)")
        }
    }

    @Test func theScaleHasItsGradient() throws {
        let (keys, row) = try golden("learned")
        let settings = try settings(keys)
        let vectors = try Tensor.concatenated(
            ["query", "positive", "negative"].map { try tensor($0) })
        let logScale = Tensor(log(1 / settings.temperature))
        logScale.setRequiresGradient(true)
        let batch = batch(6, negatives: 2, scores: [])
        let loss = ContrastiveLoss(
            settings: settings, batch: batch,
            layout: CandidateLayout(batch, SingleProcess()), collectives: SingleProcess(),
            scale: logScale.exponential())
        let mean = loss.sums(EmbeddingModel.normalize(vectors)).contrastive / 6
        mean.backward()
        let expected = try #require(row["log_scale_gradient"] as? Double)
        #expect(abs(mean.item() - (row["loss"] as? Double ?? 0)) <= 1e-4)
        #expect(abs((logScale.gradient?.item() ?? 0) - expected) <= 1e-5 * abs(expected))
    }

    /// A candidate that shows the same target is left out of both directions; others stay.
    @Test func targetsOfTheSameImageAreLeftOut() throws {
        var settings = ContrastiveObjective.Settings(hardNegativeScope: .batch)
        var batch = ContrastiveBatch(
            pieces: [], sequences: Array(0..<7), negativeCounts: [1, 0, 0],
            candidateIdentities: [1, 2, 3, 4])
        batch.targetIdentities = [1, 2, 1, 1]
        let layout = CandidateLayout(batch, SingleProcess())
        #expect(!layout.excluded(settings).contains(true))
        settings.masksSameTarget = true
        #expect(
            layout.excluded(settings) == [
                false, false, true, true, false, false, false, false, true, false, false, true,
            ])
        #expect(
            layout.excludedQueries(settings) == [
                false, false, true, false, false, false, true, false, false,
            ])
    }

    @Test func targetsAreImagesElseTexts() {
        let one = ImageSourceFixture.image("a"), other = ImageSourceFixture.image("b")
        #expect(
            ContentFingerprint.target(.init([one, .text("x")]))
                == ContentFingerprint.target(.init([.text("y"), one])))
        #expect(
            ContentFingerprint.whole(.init([one, .text("x")]))
                != ContentFingerprint.whole(.init([.text("y"), one])))
        #expect(
            ContentFingerprint.target(.init([one])) != ContentFingerprint.target(.init([other])))
        #expect(
            ContentFingerprint.target(.text(" a b\n")) == ContentFingerprint.target(.text("a b")))
        #expect(ContentFingerprint.target(.text("a b")) != ContentFingerprint.target(.text("ab")))
    }

    /// A query whose scores are not all there teaches nothing; the others do.
    @Test func queriesWithoutScoresAreLeftOut() {
        var batch = ContrastiveBatch(
            pieces: [], sequences: Array(0..<9), negativeCounts: [2, 0, 1])
        #expect(TeacherScores.count(batch) == 0)
        batch.teacherScores = [1, 1, 1, 0.5, 0.25, 0]
        #expect(TeacherScores.count(batch) == 2)
        batch.teacherScores[4] = .nan
        #expect(TeacherScores.count(batch) == 1)
    }
}

private enum ImageSourceFixture {
    static func image(_ bytes: String) -> Content.Segment {
        .image(.encoded(Data(bytes.utf8), name: "i"))
    }
}
