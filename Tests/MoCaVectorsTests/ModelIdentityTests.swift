import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing
import Torch
@testable import MoCaVectors

/// Another model is refused, the same one is not.
struct ModelIdentityTests {
    private let folder: TemporaryFolder
    private var model: URL { folder.url.appending(path: "model") }

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: checkpoint, to: model)
    }

    private func fingerprint(_ options: EmbedderOptions = EmbedderOptions()) throws -> String {
        try ModelIdentity(of: model, options).fingerprint
    }

    @Test func aCopyIsTheSameModel() throws {
        #expect(
            try fingerprint()
                == ModelIdentity(of: checkpoint, EmbedderOptions()).fingerprint)
    }

    @Test func weightsSettingsAndContractCount() throws {
        let first = try fingerprint()
        var options = EmbedderOptions()
        options.pooling = .last
        #expect(try fingerprint(options) != first)
        options = EmbedderOptions()
        options.device = .cpu
        options.dtype = .bfloat16
        options.batchTokens = 7
        #expect(try fingerprint(options) == first)

        try folder.write(#"{"pooling": "mean"}"#, to: "model/moca.json")
        let contracted = try fingerprint()
        #expect(contracted != first)
        try folder.write(
            #"{"probes": [{"text": "x", "vector": [1]}], "pooling": "mean"}"#,
            to: "model/moca.json")
        #expect(try fingerprint() == contracted)
        try FileManager.default.removeItem(at: model.appending(path: "moca.json"))

        let shard = model.appending(path: "model-00002-of-00002.safetensors")
        var bytes = try Data(contentsOf: shard)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: shard)
        #expect(try fingerprint() != first)
    }

    /// A change is found wherever it is, in a tensor of any length.
    @Test func everyByteOfATensorCounts() throws {
        let name = "model-00001-of-00002.safetensors"
        let whole = try Data(contentsOf: model.appending(path: name))
        var seen: Set<String> = [try fingerprint()]
        for place in stride(from: whole.count / 2, to: whole.count, by: whole.count / 20) {
            var bytes = whole
            bytes[place] ^= 0x80
            try bytes.write(to: model.appending(path: name))
            #expect(try seen.insert(fingerprint()).inserted, "\(place)")
        }
    }

    @Test func settingsOfTheIndexReachTheQuery() throws {
        var options = EmbedderOptions()
        (options.pooling, options.maxPixels, options.dimensions) = (.last, 3136, 16)
        let stored = try JSONEncoder().encode(VectorSettings(options))
        var restored = EmbedderOptions()
        try JSONDecoder().decode(VectorSettings.self, from: stored).apply(to: &restored)
        #expect(restored == options)
    }
}
