import Testing
@testable import MoCaCore

@Suite struct RandomSourceTests {
    /// The first outputs of the reference implementation for seed 1234567
    /// (Vigna, splitmix64.c).
    @Test func equalsTheReference() {
        var source = RandomSource(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        ]
        #expect(expected.map { _ in source.next() } == expected)
    }

    @Test func aStoredStateContinuesTheStream() {
        var source = RandomSource(seed: 7, name: "masks")
        _ = source.next()
        var copy = source
        #expect(source.next() == copy.next())
        #expect(source.state == copy.state)
    }

    @Test func namedStreamsDiffer() {
        var (x, y) = (RandomSource(seed: 7, name: "a"), RandomSource(seed: 7, name: "b"))
        #expect(x.next() != y.next())
    }

    @Test func uniformNumbersStayBelowOne() {
        var source = RandomSource(seed: 3)
        #expect((0..<10_000).allSatisfy { _ in (0..<1).contains(source.uniform()) })
    }
}
