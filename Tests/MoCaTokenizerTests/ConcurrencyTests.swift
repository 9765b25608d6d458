// One tokenizer on several threads.

import MoCaTokenizer
import Testing

@Suite struct ConcurrencyTests {
    @Test func threadsGetTheSameIDs() async throws {
        let tokenizer = try TokenizerFixtures.miniTokenizer.get()
        let texts = try TokenizerFixtures.golden.get().texts
        let expected = try TokenizerFixtures.Vocabulary.mini.expected.ids
        await withTaskGroup(of: Bool.self) { group in
            for start in 0..<8 {
                group.addTask {
                    for i in 0..<40 * texts.count {
                        let at = (start * 7 + i) % texts.count
                        guard tokenizer.encode(texts[at]) == expected[at] else { return false }
                    }
                    return true
                }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
