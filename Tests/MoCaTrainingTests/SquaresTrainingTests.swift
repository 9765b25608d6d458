import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaTestSupport
import NN
import Testing
import Torch

@testable import MoCaTraining

/// Contrastive training of the families that see an image as several squares: loss and gradients of
/// PyTorch's (`scripts/fixtures/families_squares.py`).
@Suite struct SquaresTrainingTests {
    static let kinds = ["vlm2vec_llava", "vlm2vec_phi3v"]

    private struct Record: Decodable {
        var text: String?
        var images: [String]?
    }

    private struct Losses: Decodable {
        var contrastive: Expected

        struct Expected: Decodable {
            var loss: Double
            var temperature: Double
            var grad_norm: Double
            /// By stored key: norm, sum, product with a ramp from -1 to 1.
            var gradients: [String: [Double]]
        }
    }

    private static func folder(_ kind: String) -> URL {
        Repository.fixtures.appending(path: "families/\(kind)")
    }

    private static func read<Value: Decodable>(_ kind: String, _ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self, from: Data(contentsOf: folder(kind).appending(path: name)))
    }

    /// The content that VLM2Vec makes of a record.
    private static func content(_ record: Record) throws -> Content {
        let place = "<|vision_start|><|image_pad|><|vision_end|>"
        let images = try (record.images ?? []).map { url in
            let data = try #require(Data(base64Encoded: String(url.split(separator: ",")[1])))
            return Content.Segment.image(.encoded(data, name: "case"))
        }
        let texts = (record.text ?? "").components(separatedBy: place)
        guard texts.count > 1 else {
            return Content(images + texts.filter { !$0.isEmpty }.map { .text(" \($0)") })
        }
        var segments: [Content.Segment] = []
        for (number, text) in texts.enumerated() {
            segments.append(.text(text))
            if number < images.count { segments.append(images[number]) }
        }
        return Content(segments)
    }

    /// The texts of cases 0 and 1 as queries, and cases 2 and 7 as their positives.
    private static func batch(_ kind: String, _ model: PretrainedModel) throws -> ContrastiveBatch {
        let processor = try Processor(folder: folder(kind), configuration: model.configuration)
        let records: [Record] = try read(kind, "cases.json")
        let outlines = try [0, 1, 2, 7].map { number in
            let record = records[number]
            return try processor.outline(
                number < 2 ? .text(record.text ?? "") : content(record))
        }
        let packed = try Collator(model.configuration, processor.images.configuration).pack(
            outlines, patches: outlines.map { try processor.patches(of: $0) })
        return ContrastiveBatch(
            input: packed.input, sequences: packed.places, negativeCounts: [0, 0])
    }

    private static func objective(
        _ model: PretrainedModel, temperature: Double
    ) -> ContrastiveObjective {
        ContrastiveObjective(
            EmbeddingModel(
                model.backbone, PoolingSettings(attention: .causal, pooling: .last)),
            .init(temperature: temperature))
    }

    @Test(arguments: kinds, [nil, 40])
    func lossAndGradientsAreThoseOfTheReference(_ kind: String, tokensMax: Int?) throws {
        let expected = try (Self.read(kind, "losses.json") as Losses).contrastive
        let model = try PretrainedModel(
            loading: Self.folder(kind), LoadOptions(dtype: .float32, isTrainable: true))
        let whole = try Self.batch(kind, model)
        let batch = tokensMax.map { whole.inPieces(tokensMax: $0) } ?? whole
        #expect((batch.pieces.count > 1) == (tokensMax != nil))
        let result = Replay(model).run(
            Self.objective(model, temperature: expected.temperature), batch)
        #expect(abs(result.loss - expected.loss) < 2e-5 * expected.loss)
        let gradients = Dictionary(
            uniqueKeysWithValues: expected.gradients.map {
                (CheckpointKeys.canonical($0.key), $0.value)
            })
        for (key, tensor) in model.store.parameters {
            let numbers = try #require(gradients[key], "\(key)")
            let values: [Float] = tensor.gradient?.array() ?? []
            let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            // A floor keeps parameters whose true gradient vanishes (key biases) comparable.
            let floor = max(numbers[0], 1e-4 * expected.grad_norm)
            #expect(abs(norm - numbers[0]) <= 1e-4 * floor, "\(key)")
            let ramp = values.enumerated().reduce(0.0) { sum, item in
                let position = Double(item.offset) / Double(max(1, values.count - 1))
                return sum + Double(item.element) * (2 * position - 1)
            }
            let scale = floor * Double(values.count).squareRoot()
            #expect(abs(ramp - numbers[2]) <= 1e-4 * scale, "\(key)")
        }
    }

    /// Adapters of both the vision tower and the decoder, fused projections too.
    @Test(arguments: [
        ("vlm2vec_llava", ["q_proj", "fc1"], 9),
        ("vlm2vec_phi3v", ["qkv_proj", "gate_up_proj", "fc1"], 8),
    ])
    func adaptersAloneAreTrained(_ kind: String, targets: [String], modules: Int) throws {
        let settings = AdapterSettings(rank: 2, targets: .suffixes(targets))
        let model = try PretrainedModel(
            loading: Self.folder(kind),
            LoadOptions(
                dtype: .float32, isTrainable: true, adapter: .fresh(settings, seed: 1)))
        _ = Replay(model).run(
            Self.objective(model, temperature: 0.03), try Self.batch(kind, model))
        let trained = model.store.trainableParameters
        #expect(trained.count == 2 * modules)
        for (key, tensor) in trained where key.contains("lora_B") {
            let values: [Float] = tensor.gradient?.array() ?? []
            #expect(values.contains { $0 != 0 }, "\(key)")
        }
    }
}
