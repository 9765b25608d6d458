import MoCaCore
import Testing

@Suite struct TokenBudgetTests {
    @Test func rangesAreAsLongAsTheBudgetAllows() {
        let budget = TokenBudget(10)
        #expect(budget.ranges(of: []) == [])
        #expect(budget.ranges(of: [4, 6, 1, 9, 1]) == [0..<2, 2..<4, 4..<5])
        #expect(budget.ranges(of: [10, 10]) == [0..<1, 1..<2])
    }

    @Test func aCountBeyondTheBudgetStandsAlone() {
        #expect(TokenBudget(10).ranges(of: [3, 20, 3, 4]) == [0..<1, 1..<2, 2..<4])
        #expect(TokenBudget(1).ranges(of: [20, 30]) == [0..<1, 1..<2])
    }
}
