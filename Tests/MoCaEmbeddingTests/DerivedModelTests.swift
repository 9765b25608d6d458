import Foundation
import MoCaCore
import MoCaModel
import MoCaProcessing
import MoCaTestSupport
import Testing
import Torch
@testable import MoCaEmbedding

/// A merged or averaged model is embedded as the model that it comes from.
struct DerivedModelTests {
    static let kinds = ["colqwen2_5", "gme", "qwen3_vl_embedding"]

    private static func folder(_ kind: String) -> URL {
        Repository.fixtures.appending(path: "families/\(kind)")
    }

    /// A copy of a fixture and an empty folder for the result.
    private static func prepare(_ kind: String, in folder: URL) throws -> (base: URL, target: URL) {
        let (base, target) = (folder.appending(path: "base"), folder.appending(path: "target"))
        try FileManager.default.copyItem(at: Self.folder(kind), to: base)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        return (base, target)
    }

    private static func text(_ name: String, of folder: URL) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// The sizes in `config.json`, in the form in which this program writes them.
    private static func sizes(_ folder: URL) throws -> Data {
        try PretrainedModel.configuration(of: folder).fileData()
    }

    private static func write(_ object: [String: Any], to file: URL) throws {
        try JSONSerialization.data(withJSONObject: object).write(to: file)
    }

    private static func difference(_ a: [Embedding], _ b: [Embedding]) -> Float {
        zip(a, b).reduce(0) { largest, pair in
            guard pair.0.values.count == pair.1.values.count else { return .infinity }
            return zip(pair.0.values, pair.1.values).reduce(largest) { max($0, abs($1.0 - $1.1)) }
        }
    }

    private static func vectors(_ folder: URL, adapter: URL? = nil) async throws -> [Embedding] {
        var options = EmbedderOptions()
        options.dtype = .float32
        options.adapter = adapter
        let embedder = try await Embedder(loading: folder, options: options)
        let page = Content.image(Repository.fixtures.appending(path: "image/files/rgb_56x84.png"))
        return try await embedder.embed([.text("a red bus"), page])
    }

    /// Writes an adapter of one layer whose `lora_A` `[1, inputs]` and `lora_B` `[outputs, 1]` are
    /// constant.
    private static func writeAdapter(
        of layer: String, inputs: Int, outputs: Int, to folder: URL
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings: [String: Any] = [
            "peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": [layer], "bias": "none",
        ]
        try write(settings, to: folder.appending(path: "adapter_config.json"))
        let key = "base_model.model.\(layer)"
        let header: [String: Any] = [
            "\(key).lora_A.weight": [
                "dtype": "F32", "shape": [1, inputs], "data_offsets": [0, 4 * inputs],
            ] as [String: Any],
            "\(key).lora_B.weight": [
                "dtype": "F32", "shape": [outputs, 1],
                "data_offsets": [4 * inputs, 4 * (inputs + outputs)],
            ] as [String: Any],
        ]
        var text = try JSONSerialization.data(withJSONObject: header)
        while !text.count.isMultiple(of: 8) { text.append(UInt8(ascii: " ")) }
        var file = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        file.append(text)
        let values = [Float](repeating: 0.25, count: inputs + outputs)
        file.append(values.withUnsafeBytes { Data($0) })
        try file.write(to: folder.appending(path: "adapter_model.safetensors"))
    }

    @Test(arguments: kinds)
    func anAverageHasTheEmbedderOfItsModels(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        let (base, target) = try Self.prepare(kind, in: folder.url)
        let files = try DerivedModelFiles(base: base, others: [base])
        try DerivedModel.average([base, base], weights: [1, 1], to: target)
        try files.write(to: target, origin: "An average.")
        let declared = try ModelDeclaration(of: target).architectures
        #expect(try declared == ModelDeclaration(of: base).architectures)
        #expect(try Self.sizes(target) == Self.sizes(base))
        #expect(try EmbedderFiles(of: target).rules == EmbedderFiles(of: base).rules)
        let (found, expected) = (try await Self.vectors(target), try await Self.vectors(base))
        #expect(Self.difference(found, expected) < 1e-6)
        // No contract is made up, and the card says by which rules vectors are computed.
        let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
        #expect(Set(names).isDisjoint(with: ["moca.json", "modules.json", "1_Pooling"]))
        let card = try Self.text("README.md", of: target)
        #expect(card.contains("the rules of `\(kind)`") && card.contains("| attention | causal |"))
        #expect(card.contains("| pooling | \(kind == "colqwen2_5" ? "tokens" : "last") |"))
        #expect(!card.contains("moca.json") && !card.contains("modules.json"))
    }

    @Test func aMergedAdapterOfTheProjectionIsThatOfTheLoadedOne() async throws {
        let folder = try TemporaryFolder()
        let (base, target) = try Self.prepare("colqwen2_5", in: folder.url)
        let adapter = folder.url.appending(path: "adapter")
        try Self.writeAdapter(of: "custom_text_proj", inputs: 32, outputs: 16, to: adapter)
        let files = try DerivedModelFiles(base: base)
        try DerivedModel.merge(base: base, adapter: adapter, to: target)
        try files.write(to: target, origin: "Merged.")
        #expect(try EmbedderFiles(of: target).rules.name == "colqwen2_5")
        let merged = try await Self.vectors(target)
        #expect(merged.allSatisfy { $0.vectorCount > 1 })
        // Merged weights are rounded to the stored bfloat16.
        let loaded = try await Self.vectors(base, adapter: adapter)
        #expect(Self.difference(merged, loaded) < 5e-2)
        #expect(Self.difference(merged, try await Self.vectors(base)) > 1e-3)
    }

    @Test func limitsOfAFileAndItsContractGoAlong() throws {
        let folder = try TemporaryFolder()
        let (base, target) = try Self.prepare("gme", in: folder.url)
        let file = base.appending(path: "config.json")
        var configuration = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        configuration["min_image_tokens"] = 5
        configuration["max_image_tokens"] = 50
        configuration["auto_map"] = ["AutoModel": "modeling.Model"]
        try Self.write(configuration, to: file)
        try Self.write(["max_length": 64], to: base.appending(path: "moca.json"))
        let files = try DerivedModelFiles(base: base, others: [base])
        try DerivedModel.average([base, base], weights: [1, 1], to: target)
        try files.write(to: target, origin: "An average.")
        let found = try EmbedderFiles(of: target)
        #expect(found.rules.limits == .fixed(5...50) && found.contract.maxLength == 64)
        #expect(try !Self.text("config.json", of: target).contains("auto_map"))
        // These files would name neither the prompt nor the attention of GME.
        let modules = target.appending(path: "modules.json")
        #expect(!FileManager.default.fileExists(atPath: modules.path))
    }

    @Test func modelsOfDifferentEmbeddersHaveNoAverage() throws {
        #expect {
            try DerivedModelFiles(base: Self.folder("gme"), others: [Self.folder("vlm2vec")])
        } throws: {
            ($0 as? any UserFacingError)?.oneLine.contains("their embedders are gme") == true
        }
    }

    @Test func aContractOfMoCaGoesAlongWithFilesOfSentenceTransformers() throws {
        let folder = try TemporaryFolder()
        let target = folder.url.appending(path: "target")
        let base = folder.url.appending(path: "base")
        try FileManager.default.copyItem(at: checkpoint, to: base)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        try Self.write(["pooling": "mean"], to: base.appending(path: "moca.json"))
        try DerivedModelFiles(base: base).write(to: target, origin: "Merged.")
        #expect(try EmbeddingContract(of: target)?.pooling == .mean)
        let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
        #expect(Set(names).isSuperset(of: ["moca.json", "modules.json", "1_Pooling", "README.md"]))
    }
}
