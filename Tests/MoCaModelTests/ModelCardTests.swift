import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaModel

struct ModelCardTests {
    private func card() -> ModelCard {
        var contract = EmbeddingContract()
        contract.prompts = [.query: "Find: {text}"]
        return ModelCard(origin: "Made for a test.", contract: contract, vectorLength: 8)
    }

    @Test func basesAndLicences() throws {
        let folder = try TemporaryFolder()
        let commit = String(repeating: "a", count: 40)
        let snapshot = "models--org--base/snapshots/\(commit)"
        try folder.write(
            "---\nlicense: apache-2.0\ntags: [x]\n---\n# Base\n", to: snapshot + "/README.md")
        let base = ModelCard.Base(folder.url.appending(path: snapshot))
        #expect(base.name == "org/base" && base.isPublic && base.licence == "apache-2.0")
        var card = card()
        card.bases = [base]
        let text = card.text
        #expect(text.hasPrefix("---\nbase_model:\n- org/base\nlicense: apache-2.0\n"))
        #expect(text.contains("- org/base: apache-2.0"))
        #expect(text.contains("| prompt of query | `Find: {text}` |"))
        // A licence that is not known is not made up.
        try folder.write("no metadata", to: "local/README.md")
        let local = ModelCard.Base(folder.url.appending(path: "local"))
        #expect(local.name == "local" && !local.isPublic && local.licence == nil)
        card.bases = [local, base]
        #expect(!card.text.contains("license:") && card.text.contains("- local: not stated"))
    }

    @Test func scoresAndSettings() throws {
        var card = card()
        card.data = ["pairs"]
        card.settings = [("optimizer.learning_rate", "1e-5"), ("a", "x | y")]
        card.scores = [
            ModelCard.Score(
                set: "docs", measure: "ndcg_at_5", value: 0.5, interval: 0.4...0.61,
                queryCount: 100)
        ]
        #expect(card.text.contains("| docs | `ndcg_at_5` | 50.0 | 40.0 to 61.0 | 100 |"))
        #expect(card.text.contains("| `a` | `x \\| y` |"))
        #expect(card.text.contains("Trained from random weights"))
    }
}
