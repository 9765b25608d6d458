import Foundation
import MoCaCore
import MoCaModel
import Testing

@testable import MoCaEmbedding

@Suite struct ForwardCostTests {
    private static func cost() throws -> ForwardCost {
        let file = checkpoint.appending(path: "config.json")
        return ForwardCost(
            try Qwen25VLConfiguration(parsing: Data(contentsOf: file), file: file.path))
    }

    /// Counted apart, in Python: products of linear layers and attention, term by term.
    @Test func equalsTheReferenceCount() throws {
        let cost = try Self.cost()
        #expect(cost.ofSequence(tokens: 7) == 341_376)
        #expect(cost.ofImage(ImageGrid(t: 1, h: 10, w: 18)) == 25_846_272)
    }
}
