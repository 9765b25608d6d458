import Testing
@testable import MoCaEmbedding

@Suite struct TokenBudgetBatcherTests {
    private let batcher = TokenBudgetBatcher(tokenCountMax: 10)

    @Test func likeLengthsShareABatchUpToTheBudget() {
        #expect(
            batcher.batches(ofLengths: [6, 2, 3, 2, 4, 5]) == [[1, 3, 2], [4, 5], [0]])
    }

    @Test func equalLengthsKeepTheirOrder() {
        #expect(batcher.batches(ofLengths: [5, 5, 5]) == [[0, 1], [2]])
    }

    @Test func aLongInputIsAloneAndAnEmptyOneNowhere() {
        #expect(batcher.batches(ofLengths: [30, 0, 4, 25]) == [[2], [3], [0]])
        #expect(batcher.batches(ofLengths: [0, 0]).isEmpty)
        #expect(batcher.batches(ofLengths: []).isEmpty)
    }
}
