import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing

/// Every embedder gives the vectors of its released rules on transformers' networks
/// (`scripts/fixtures/families.py`), one input at a time and all in one batch.
@Suite struct EmbedderGoldenTests {
    static let kinds = [
        "vlm2vec", "gme", "colqwen2", "colqwen2_5", "biqwen2_5", "qwen3_vl_embedding",
        "vlm2vec_llava", "vlm2vec_phi3v", "mme5",
    ]

    private struct Case: Decodable {
        var text: String?
        var images: [String]?
        var instruction: String?
        var role: String?
        /// `[vectors, components]`.
        var vectors: [[Float]]

        /// The content, as `moca embed` makes it of a record.
        func content() throws -> Content {
            let place = "<|vision_start|><|image_pad|><|vision_end|>"
            let images = try (images ?? []).map { url in
                let data = try #require(
                    Data(base64Encoded: String(url.split(separator: ",")[1])))
                return Content.Segment.image(.encoded(data, name: "case"))
            }
            let texts = (text ?? "").components(separatedBy: place)
            let isArranged = texts.count > 1
            var segments = isArranged ? [] : images
            for (number, text) in texts.enumerated() {
                if !text.isEmpty { segments.append(.text(text)) }
                if isArranged, number < images.count { segments.append(images[number]) }
            }
            return Content(segments, instruction: instruction, isArranged: isArranged)
        }
    }

    private static func cases(_ kind: String) throws -> [Case] {
        try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: folder(kind).appending(path: "cases.json")))
    }

    private static func folder(_ kind: String) -> URL {
        Repository.fixtures.appending(path: "families/\(kind)")
    }

    private static func difference(_ found: Embedding, _ expected: [[Float]]) -> Float {
        guard found.vectorCount == expected.count else { return .infinity }
        return zip(found.values, expected.joined()).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test(arguments: kinds)
    func vectorsAreThoseOfTheReference(_ kind: String) async throws {
        let embedder = try await Embedder(loading: Self.folder(kind))
        let cases = try Self.cases(kind)
        #expect(embedder.isMultiVector == kind.hasPrefix("colqwen"))
        for (number, item) in cases.enumerated() {
            let role = item.role.map(Role.init(rawValue:))
            let found = try await embedder.embed([item.content()], as: role)[0]
            let difference = Self.difference(found, item.vectors)
            #expect(difference < 1e-5, "\(kind), case \(number)")
        }
        let plain = cases.filter { $0.role == nil }
        let together = try await embedder.embed(plain.map { try $0.content() })
        for (found, item) in zip(together, plain) {
            #expect(Self.difference(found, item.vectors) < 1e-5)
        }
    }

    /// Late interaction: a query's similarity is the sum of its vectors' best products.
    @Test func similarityOfSeveralVectorsIsTheSumOfMaxima() {
        let query = Embedding([1, 0, 0, 1], vectorCount: 2)
        let page = Embedding([0.5, 0, 0.25, 0.75, 0, -1], vectorCount: 3)
        #expect(query.similarity(to: page) == 1.25)
        #expect(page.similarity(to: query) == 0.5 + 0.75 + 0)
    }

    @Test func anInstructionWithoutAPlaceIsRefused() async throws {
        let embedder = try await Embedder(loading: Self.folder("vlm2vec"))
        let content = Content([.text("a house")], instruction: "Find it")
        await #expect(throws: EmbeddingError.self) { try await embedder.embed([content]) }
    }

    @Test func aPageWithTextIsRefused() async throws {
        let embedder = try await Embedder(loading: Self.folder("colqwen2"))
        let page = try #require(try Self.cases("colqwen2").first { $0.images != nil }).content()
        let content = Content(page.segments + [.text("a caption")])
        await #expect(throws: EmbeddingError.self) { try await embedder.embed([content]) }
    }
}
