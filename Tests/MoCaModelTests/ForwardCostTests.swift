import Foundation
import MoCaCore
import Testing

@testable import MoCaModel

@Suite struct ForwardCostTests {
    private static func cost() throws -> any ForwardCost {
        let path = "checkpoint_newer/config.json"
        return try Families.configuration(parsing: ModelFixtures.data(path), file: path)
            .forwardCost
    }

    /// Counted apart, in Python: products of linear layers and attention, term by term.
    @Test func equalsTheReferenceCount() throws {
        let cost = try Self.cost()
        #expect(cost.ofSequence(tokens: 7) == 341_376)
        #expect(cost.ofImage(.grid(ImageGrid(t: 1, h: 10, w: 18))) == 25_846_272)
    }
}
