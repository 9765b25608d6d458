import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Testing

@testable import MoCaModel

/// The files of sentence-transformers beside a model.
struct SentenceTransformersTests {
    private static let types = "sentence_transformers.models."

    private func modules(_ types: [String]) -> String {
        let items = types.enumerated().map { index, type in
            let path = index == 0 ? "" : "\(index)_\(type.split(separator: ".").last ?? "")"
            return #"{"idx": \#(index), "path": "\#(path)", "type": "\#(type)"}"#
        }
        return "[\(items.joined(separator: ", "))]"
    }

    private func withModel<Value>(
        modules types: [String] = ["Transformer", "Pooling", "Normalize"], pooling: String,
        prompts: String? = nil, contract: String? = nil, _ body: (URL) throws -> Value
    ) throws -> Value {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let names = types.map { $0.contains(".") ? $0 : Self.types + $0 }
        try folder.write(modules(names), to: "modules.json")
        try folder.write(pooling, to: "1_Pooling/config.json")
        if let prompts { try folder.write(prompts, to: "config_sentence_transformers.json") }
        if let contract { try folder.write(contract, to: "moca.json") }
        return try body(folder.url)
    }

    @Test(arguments: [
        (#"{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": true}"#, PoolingMode.mean),
        (#"{"word_embedding_dimension": 8, "pooling_mode_lasttoken": true}"#, .last),
        (
            #"{"word_embedding_dimension": 8, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
            .cls
        ),
        (#"{"embedding_dimension": 8, "pooling_mode": "lasttoken"}"#, .last),
        (#"{"embedding_dimension": 8, "pooling_mode": ["cls"]}"#, .cls),
        (#"{"word_embedding_dimension": 8}"#, .mean),
    ])
    func poolings(config: String, pooling: PoolingMode) throws {
        try withModel(pooling: config) { folder in
            let found = try #require(try ResolvedContract(of: folder, vectorLength: 8))
            #expect(found.contract.pooling == pooling && found.contract.normalize == true)
            #expect(found.files == ["modules.json"] && found.notes.isEmpty)
        }
    }

    @Test(arguments: [
        (#"{"pooling_mode_max_tokens": true}"#, "the pooling max is not supported"),
        (
            #"{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}"#,
            "the pooling cls + mean is not supported"
        ),
        (#"{"pooling_mode": "weightedmean"}"#, "the pooling weightedmean is not supported"),
        (
            #"{"pooling_mode": "mean", "include_prompt": false}"#,
            "pooling without the prompt's tokens is not supported"
        ),
    ])
    func otherPoolingsAreNamed(config: String, reason: String) throws {
        try withModel(pooling: config) { folder in
            let file = folder.appending(path: "1_Pooling/config.json").path
            #expect(throws: ModelError.unsupportedModule(file: file, reason: reason)) {
                try ResolvedContract(of: folder)
            }
        }
        // moca.json says what to compute instead.
        try withModel(pooling: config, contract: #"{"pooling": "mean"}"#) { folder in
            let found = try #require(try ResolvedContract(of: folder))
            #expect(found.contract.pooling == .mean)
            #expect(found.notes == ["sentence-transformers would differ: \(reason)"])
        }
    }

    @Test func otherModulesAreNamed() throws {
        let mean = #"{"pooling_mode": "mean"}"#
        try withModel(modules: ["Transformer", "Pooling", "Dense"], pooling: mean) { folder in
            let file = folder.appending(path: "modules.json").path
            #expect(
                throws: ModelError.unsupportedModule(
                    file: file, reason: "the module Dense is not supported")
            ) { try ResolvedContract(of: folder) }
        }
        // Code of the author declares nothing.
        try withModel(modules: ["custom_st.Transformer"], pooling: mean) { folder in
            let found = try #require(try ResolvedContract(of: folder))
            #expect(found.contract.pooling == nil && found.contract.normalize == nil)
        }
        try withModel(pooling: #"{"word_embedding_dimension": 9}"#) { folder in
            #expect(throws: ModelError.self) { try ResolvedContract(of: folder, vectorLength: 8) }
        }
    }

    @Test func prompts() throws {
        let configuration = #"""
            {"prompts": {"query": "Find: ", "passage": "Page: ", "other": null}, "truncate_dim": 4,
             "default_prompt_name": null, "__version__": {"sentence_transformers": "5.0.0"}}
            """#
        let last = #"{"pooling_mode": "lasttoken"}"#
        try withModel(pooling: last, prompts: configuration) { folder in
            let found = try #require(try ResolvedContract(of: folder, vectorLength: 8))
            #expect(found.contract.prompts[.query] == "Find: {text}")
            #expect(found.contract.prompts[.document] == "Page: {text}")
            #expect(found.contract.dimensions == [4] && found.notes.count == 1)
            #expect(throws: ModelError.self) { try ResolvedContract(of: folder, vectorLength: 3) }
        }
    }

    @Test func contradictionsAreNoted() throws {
        let configuration = #"{"prompts": {"query": "Find: "}}"#
        let own =
            #"{"pooling": "mean", "normalize": false, "prompts": {"query": "Ask: {text}", "document": "{image}{text}"}}"#
        try withModel(
            pooling: #"{"pooling_mode": "lasttoken"}"#, prompts: configuration, contract: own
        ) { folder in
            let found = try #require(try ResolvedContract(of: folder))
            #expect(found.contract == (try EmbeddingContract(of: folder)))
            #expect(
                found.notes == [
                    "pooling is mean in moca.json, which applies, and last for "
                        + "sentence-transformers",
                    "normalize is false in moca.json, which applies, and true for "
                        + "sentence-transformers",
                    "the prompt of query is \"Ask: {text}\" in moca.json, which applies, and "
                        + "\"Find: {text}\" for sentence-transformers",
                ])
        }
    }

    @Test(arguments: PoolingMode.allCases, [true, false])
    func whatIsWrittenReadsBack(pooling: PoolingMode, normalize: Bool) throws {
        try withTemporaryFolder { folder in
            var contract = EmbeddingContract()
            contract.pooling = pooling
            contract.normalize = normalize
            contract.prompts = [
                .query: "Find: {text}", .document: "{text}", .documentImage: "{image}\nPage",
            ]
            try SentenceTransformersSettings.write(contract, vectorLength: 8, to: folder)
            let read = try #require(try SentenceTransformersSettings(of: folder))
            #expect(read.pooling == pooling && read.vectorLength == 8)
            #expect(read.normalize == (normalize ? true : nil) && read.unsupported == nil)
            #expect(read.prompts == [.query: "Find: {text}", .document: "{text}"])
            let data = try contract.fileData()
            try data.write(to: folder.appending(path: "moca.json"))
            let resolved = try #require(try ResolvedContract(of: folder, vectorLength: 8))
            #expect(resolved.notes.isEmpty && resolved.contract == contract)
        }
    }
}
