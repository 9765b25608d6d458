import Foundation
import MoCaCore
import MoCaSettings
import Testing

@testable import MoCaModel

@Suite struct EmbeddingContractTests {
    static let png = EmbeddingContract.Probe.dataURL(Data([1, 2, 3]), mediaType: "image/png")

    static var full: EmbeddingContract {
        var contract = EmbeddingContract()
        contract.attention = .bidirectional
        contract.pooling = .mean
        contract.normalize = true
        contract.prompts = [.query: "Find: {text}", .documentImage: "{image}\nA page."]
        contract.minPixels = 784
        contract.maxPixels = 802_816
        contract.orientation = .exif
        contract.maxLength = 1280
        contract.truncation = .end
        contract.maskToken = "<|mask|>"
        contract.dimensions = [2, 3]
        contract.extensions = ["x_author": .string("me")]
        contract.probes = [
            .init(text: "words", role: .query, vector: [0.6, -0.8, 0]),
            .init(
                text: "", images: [png], vector: [0.1, 0.7, 0.70710677],
                tolerance: ["float32": 2e-5]),
        ]
        return contract
    }

    static func parse(_ text: String, length: Int? = nil) throws -> EmbeddingContract {
        try EmbeddingContract(parsing: Data(text.utf8), file: "moca.json", vectorLength: length)
    }

    static func problems(_ text: String, length: Int? = nil) throws -> [String] {
        do {
            _ = try parse(text, length: length)
            return []
        } catch ModelError.badContract("moca.json", let problems) {
            return problems.map(\.description)
        }
    }

    @Test func writtenAndReadAgain() throws {
        let data = try Self.full.fileData()
        let again = try EmbeddingContract(parsing: data, file: "moca.json", vectorLength: 3)
        #expect(again == Self.full)
        let coded = try JSONDecoder().decode(
            EmbeddingContract.self, from: JSONEncoder().encode(Self.full))
        #expect(coded == Self.full)
        #expect(again.probes[1].imageData == [Data([1, 2, 3])])
    }

    @Test func everyFloatSurvives() throws {
        var random = RandomSource(seed: 1)
        var vector = (0..<2000).map { _ in random.uniform() - 0.5 }
        let length = vector.reduce(into: Float(0)) { $0 += $1 * $1 }.squareRoot()
        vector = vector.map { $0 / length } + [.leastNonzeroMagnitude, -1e-30]
        var contract = EmbeddingContract()
        contract.probes = [.init(text: "x", vector: vector)]
        let again = try EmbeddingContract(parsing: contract.fileData(), file: "moca.json")
        #expect(again.probes[0].vector == vector)
    }

    @Test func emptyLeavesAllToTheNextSource() throws {
        #expect(try Self.parse("{}") == EmbeddingContract())
        #expect(try EmbeddingContract().fileData() == Data("{\n\n}\n".utf8))
    }

    static let table: [(text: String, problems: [String])] = [
        (
            #"{"attention": "both", "pooling": 3}"#,
            [
                "attention is \"both\", must be one of bidirectional, causal",
                "pooling is 3, must be one of mean, last, cls",
            ]
        ),
        (
            #"{"poolin": "mean"}"#,
            [
                "poolin is not known to this version (known: alpha, attention, dimensions, "
                    + "embedder, instruction, mask_token, max_length, max_pixels, min_pixels, "
                    + "normalize, orientation, pooling, positions, probes, prompts, truncation; "
                    + "x_... is kept for others)"
            ]
        ),
        (
            #"{"min_pixels": 9, "max_pixels": 4, "max_length": 0, "mask_token": ""}"#,
            [
                "max_length is 0, must be positive",
                "min_pixels is 9, must not be over max_pixels 4",
                "mask_token is empty, must be a token",
            ]
        ),
        (
            #"{"truncation": "end"}"#, ["truncation is there without max_length, which it needs"]
        ),
        (
            #"{"prompts": {"query": "no place", "document": "{text} {text}"}}"#,
            [
                "prompts.document has {text} more than once",
                "prompts.query has neither {text} nor {image}",
            ]
        ),
        (
            #"{"dimensions": [64, 32]}"#,
            ["dimensions is [64, 32], must be positive and ascending"]
        ),
        (#"{"dimensions": [2, 8]}"#, ["dimensions holds 8, must be at most the model's 4"]),
        (
            #"{"probes": [{"vector": [1, 0]}, {"text": "a", "role": "query", "vector": [2, 0, 0, 0]}]}"#,
            [
                "probes[0] has neither text nor images",
                "probes[0].vector has 2 numbers, the model gives 4",
                "probes[1].role is \"query\", which prompts do not have",
                "probes[1].vector has length 2.0, must be 1",
            ]
        ),
        (
            #"{"probes": [{"images": ["a.png"], "vector": [1, 0, 0, 0], "tolerance": {"half": 1, "int8": 0}}]}"#,
            [
                "probes[0].images[0] is not a data:image/...;base64, URL",
                "probes[0].tolerance.half is not a type; there are bfloat16, float16, float32, int8",
                "probes[0].tolerance.int8 is 0.0, must be positive",
            ]
        ),
        (
            #"{"probes": [{"text": "a", "vectr": [1]}, 7]}"#,
            [
                "probes[1] is 7, must be an object",
                "probes[0].vectr is not known to this version (known: images, role, text, "
                    + "tolerance, vector; x_... is kept for others)",
            ]
        ),
    ]

    @Test(arguments: table)
    func allProblemsAtOnce(_ text: String, _ problems: [String]) throws {
        #expect(try Self.problems(text, length: 4) == problems)
    }

    @Test func notAnObject() {
        #expect(
            throws: ModelError.notJSON(
                file: "moca.json", reason: "it holds a list of 0, not an object")
        ) {
            try Self.parse("[]")
        }
    }
}
