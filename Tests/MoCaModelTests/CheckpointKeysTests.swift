import Testing

@testable import MoCaModel

@Suite struct CheckpointKeysTests {
    /// Lines `KEY SHAPE` of a key list.
    static func canonicalKeys(_ size: String) throws -> [String] {
        try ModelFixtures.lines("integers/keys/\(size).txt")
            .map { String($0.prefix(while: { $0 != " " })) }
    }

    @Test(arguments: ["tiny", "3b", "7b"])
    func canonicalNamesStay(_ size: String) throws {
        let keys = try Self.canonicalKeys(size)
        #expect(keys.count == ["tiny": 106, "3b": 838, "7b": 743][size])
        #expect(keys.map(CheckpointKeys.canonical) == keys)
    }

    @Test(arguments: ["tiny", "3b", "7b"])
    func everyLayoutComesToTheSameNames(_ size: String) throws {
        let keys = try Self.canonicalKeys(size)
        let base = keys.filter { !CheckpointKeys.isPretrainingHead($0) }
        let layouts: [(String) -> String] = [
            { $0.hasPrefix("visual.") ? "model." + $0 : Self.newer($0) },
            { $0.hasPrefix("model.") ? "language_model." + $0.dropFirst(6) : $0 },
            { $0.hasPrefix("model.") ? String($0.dropFirst(6)) : $0 },
        ]
        for layout in layouts {
            let stored = base.map(layout)
            #expect(Set(stored).count == base.count)
            let table = try CheckpointKeys.table(of: stored)
            #expect(table.keys.sorted() == base)
            #expect(table.allSatisfy { layout($0.key) == $0.value })
        }
    }

    private static func newer(_ key: String) -> String {
        key.hasPrefix("model.") ? "model.language_model." + key.dropFirst(6) : key
    }

    /// Names that transformers 5 has in memory and names that its own save writes.
    @Test(arguments: ["memory_5", "saved_5"])
    func namesOfTransformers5(_ list: String) throws {
        let stored = try ModelFixtures.lines("integers/keys/tiny.\(list).txt")
        let base = try Self.canonicalKeys("tiny").filter { !CheckpointKeys.isPretrainingHead($0) }
        #expect(try CheckpointKeys.table(of: stored).keys.sorted() == base)
    }

    @Test func twoNamesOfOneParameterAreRefused() {
        let error = #expect(throws: ModelError.self) {
            try CheckpointKeys.table(of: [
                "visual.merger.ln_q.weight", "model.visual.merger.ln_q.weight",
            ])
        }
        #expect(
            error
                == .sameParameter(
                    first: "model.visual.merger.ln_q.weight", second: "visual.merger.ln_q.weight",
                    parameter: "visual.merger.ln_q.weight"))
    }

    @Test func unknownNamesStay() {
        #expect(CheckpointKeys.canonical("transformer.h.0") == "transformer.h.0")
    }

    @Test func rules() {
        typealias Rules = CheckpointRules
        let head = CheckpointKeys.head
        let patch = "mae_proj.bias"
        for (purpose, isTied, isSpare) in [
            (Rules.Purpose.embedding, true, true), (.embedding, false, true),
            (.pretraining, true, true), (.pretraining, false, false),
        ] {
            let rules = Rules(purpose: purpose, isTied: isTied)
            #expect(rules.mayBeUnused(head) == isSpare)
            #expect(rules.mayBeUnused(patch) == (purpose == .embedding))
            #expect(rules.mayBeUnused("model.layers.0.self_attn.rotary_emb.inv_freq"))
            #expect(rules.mayBeUnused("visual.rotary_pos_emb.inv_freq"))
            #expect(!rules.mayBeUnused("model.layers.99.mlp.up_proj.weight"))
        }
    }
}
