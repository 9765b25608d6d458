import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing
@testable import MoCaVectors

/// Which orientation tags are applied: the option, else the contract, else TIFF's only; and the
/// vectors of two policies are never mixed.
struct OrientationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func model(_ contract: String?) throws -> URL {
        let source = Repository.fixtures.appending(path: "model/checkpoint_newer")
        guard let contract else { return source }
        let copy = folder.url.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: source, to: copy)
        try Data(contract.utf8).write(to: copy.appending(path: "moca.json"))
        return copy
    }

    private func embedder(
        _ contract: String?, _ option: OrientationPolicy?
    ) async throws -> Embedder {
        var options = EmbedderOptions()
        options.orientation = option
        return try await Embedder(loading: model(contract), options: options)
    }

    @Test func theOptionThenTheContractDecides() async throws {
        let plain = try Data(
            contentsOf: Repository.fixtures.appending(path: "image/files/jpeg_420.jpg"))
        let photo = Content([
            .image(.encoded(OrientedImage.jpeg(plain, orientation: 6), name: "photo.jpg"))
        ])
        let upright = Content([.image(.encoded(plain, name: "plain.jpg"))])
        let stored = try await embedder(nil, nil).embed([upright])[0]
        let exif = #"{"orientation": "exif"}"#
        for (contract, option, isTurned) in [
            (nil, nil, false), (nil, .ignore, false), (nil, .exif, true), (exif, nil, true),
            (exif, .ignore, false), (#"{"orientation": "ignore"}"#, .exif, true),
        ] as [(String?, OrientationPolicy?, Bool)] {
            let embedder = try await embedder(contract, option)
            let vector = try await embedder.embed([photo])[0]
            #expect((vector.similarity(to: stored) < 0.999) == isTurned, "\(contract ?? "")")
            #expect((vector == stored) == !isTurned)
            let conditions = embedder.conditions(model: "m")
            #expect(conditions.orientation == (isTurned ? .exif : nil))
        }
    }

    /// Conditions that were saved before the policy existed are those of images as stored.
    @Test func conditionsWithoutAPolicyAreThoseOfStoredImages() async throws {
        let conditions = try await embedder(nil, nil).conditions(model: "m")
        let text = String(decoding: try conditions.json(), as: UTF8.self)
        #expect(!text.contains("orientation"))
        var options = EmbedderOptions()
        options.orientation = .exif
        let settings = VectorSettings(options)
        var restored = EmbedderOptions()
        try JSONDecoder().decode(VectorSettings.self, from: JSONEncoder().encode(settings))
            .apply(to: &restored)
        #expect(restored.orientation == .exif)
    }

    @Test func anUnknownPolicyOfAContractIsRefused() async throws {
        await #expect {
            _ = try await embedder(#"{"orientation": "upright"}"#, nil)
        } throws: { error in
            (error as? any UserFacingError)?.oneLine.contains(
                "orientation is \"upright\", must be one of ignore, exif") == true
        }
    }
}
