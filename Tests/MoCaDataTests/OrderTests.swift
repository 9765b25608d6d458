import Foundation
import Testing
@testable import MoCaData

@Suite struct OrderTests {
    @Test(arguments: [0, 1, 2, 3, 5, 16, 17, 255, 1000, 65_537])
    func shuffleOrderIsABijection(count: Int) {
        for epoch in 0..<3 {
            let order = ShuffleOrder(count: count, seed: 42, epoch: epoch)
            #expect(Set((0..<count).map { order[$0] }) == Set(0..<count))
        }
    }

    @Test func ordersDifferByEpochSeedAndName() throws {
        let orders = [
            ShuffleOrder(count: 1000, seed: 1, epoch: 0),
            ShuffleOrder(count: 1000, seed: 1, epoch: 1),
            ShuffleOrder(count: 1000, seed: 2, epoch: 0),
            ShuffleOrder(count: 1000, seed: 1, epoch: 0, name: "b"),
        ]
        let lists = orders.map { order in (0..<1000).map { order[$0] } }
        #expect(Set(lists).count == 4)
        for list in lists {
            let fixed = list.enumerated().count { $0 == $1 }
            #expect(fixed < 10)
        }
        let data = try JSONEncoder().encode(orders[0])
        #expect(try JSONDecoder().decode(ShuffleOrder.self, from: data) == orders[0])
    }

    /// Every thing is equally likely at every place: chi-square.
    @Test func shuffleOrderIsEven() {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 7), count: 7)
        for seed in 0..<14_000 {
            let order = ShuffleOrder(count: 7, seed: UInt64(seed), epoch: 0)
            for place in 0..<7 { counts[place][order[place]] += 1 }
        }
        let chi = counts.joined().reduce(0.0) { $0 + pow(Double($1) - 2000, 2) / 2000 }
        // 36 degrees of freedom: 99.99 % lie below 74.
        #expect(chi < 74, "chi-square \(chi)")
    }

    @Test(arguments: [1, 2, 3, 16])
    func rowOrderIsABijection(windowBlocks: Int) {
        let shape = SubsetShape(name: "s", blockRows: [3, 0, 10, 1, 7, 0, 0, 5])
        let order = RowOrder(shape, windowBlocks: windowBlocks, seed: 3, epoch: 2)
        #expect(Set((0..<26).map { order[$0] }) == Set(0..<26))
        #expect(shape.block(ofRow: 3).block == 2)
        #expect(shape.block(ofRow: 25).row == 4)
    }
}
