// Collective operations of ranks that are threads, beside plain loops.

import MoCaRanks
import MoCaCore
import Foundation
import MoCaRankSupport
import Testing

@testable import Torch

@Suite struct RankGroupTests {
    private func values(_ count: Int, _ rank: Int) -> [Float] {
        (0..<count).map { Float(sin(Double($0) * 0.01 + Double(rank))) }
    }

    private func tensor(_ count: Int, _ rank: Int) -> Tensor {
        Tensor(values(count, rank), shape: [count])
    }

    @Test(arguments: [1, 2, 3, 4])
    func sumsAreThoseOfALoop(worldSize: Int) throws {
        for count in [0, 1, 5, 1000] {
            let results = try ThreadRank.run(worldSize) { group in
                let tensor = self.tensor(count, group.rank)
                group.reduce([tensor, tensor.clone()])
                return tensor.array(Float.self)
            }
            let expected = (0..<count).map { index in
                (0..<worldSize).reduce(Float(0)) { $0 + values(count, $1)[index] }
            }
            for result in results {
                #expect(result == results[0])
                for (value, wanted) in zip(result, expected) {
                    #expect(abs(value - wanted) < 1e-5)
                }
            }
        }
    }

    @Test(arguments: [2, 3])
    func scatteredSumsHaveTheBitsOfWholeOnes(worldSize: Int) throws {
        let count = 128 * worldSize
        let parts = try ThreadRank.run(worldSize) { group in
            let whole = self.tensor(count, group.rank)
            let part = group.reduceScatter(whole)
            group.reduce([whole])
            #expect(group.allGather(part).array(Float.self) == whole.array(Float.self))
            return part.array(Float.self)
        }
        #expect(parts.map(\.count) == [Int](repeating: 128, count: worldSize))
    }

    @Test func numbersAndListsOfUnequalLength() throws {
        let results = try ThreadRank.run(3) { group in
            let list = [Int](repeating: group.rank, count: group.rank)
            let doubles = group.gatherLists(
                [0.1, -Double.infinity].dropLast(group.rank % 2).map { $0 })
            return (group.gather(list), group.sum([Double(group.rank), 0.5]), doubles)
        }
        for (list, sum, doubles) in results {
            #expect(list == [1, 2, 2])
            #expect(sum == [3, 1.5])
            #expect(doubles == [[0.1, -.infinity], [0.1], [0.1, -.infinity]])
        }
    }

    /// One rank has no rows, the others different numbers of them.
    @Test func gatheredRowsCarryGradients() throws {
        let counts = [1, 0, 3]
        let results = try ThreadRank.run(3) { group -> ([Float], [Float]) in
            let count = counts[group.rank]
            let local = Tensor(
                (0..<count * 2).map { Float($0 + 10 * group.rank) }, shape: [count, 2])
            local.setRequiresGradient(true)
            let all = group.gatherRows(local)
            #expect(all.shape == [4, 2])
            let weights = Tensor((0..<8).map { Float($0 * (group.rank + 1)) }, shape: [4, 2])
            (all * weights).sum().backward()
            return (all.array(Float.self), local.gradient?.array(Float.self) ?? [])
        }
        for (all, _) in results { #expect(all == [0, 1, 20, 21, 22, 23, 24, 25]) }
        // The weights of all ranks add up to 6 times the index.
        #expect(results[0].1 == [0, 6])
        #expect(results[1].1 == [])
        #expect(results[2].1 == [12, 18, 24, 30, 36, 42])
    }

    @Test func noRowsAnywhere() throws {
        let shapes = try ThreadRank.run(2) { $0.gatherRows(.zeros([0, 4])).shape }
        #expect(shapes == [[0, 4], [0, 4]])
    }

    /// A rank that comes late lets the others wait, and hardly waits itself.
    @Test func waitingIsTimed() throws {
        let times = try ThreadRank.run(3) { group -> Double in
            _ = group.sum([1])
            let start = group.exchangeTime
            if group.rank == 1 { Thread.sleep(forTimeInterval: 0.6) }
            _ = group.sum([1])
            let waited = group.exchangeTime - start
            for exchange in [
                { group.reduce([.ones([3])]) }, { _ = group.reduceScatter(.ones([3])) },
                { _ = group.gatherRows(.ones([group.rank, 2])) },
                { group.waitForAll(atMost: .seconds(30)) },
            ] {
                let before = group.exchangeTime
                exchange()
                #expect(group.exchangeTime > before)
            }
            return waited / .seconds(1)
        }
        #expect(min(times[0], times[2]) > 0.4 && times[1] < min(times[0], times[2]))
        #expect(SingleProcess().exchangeTime == .zero)
    }

    @Test func anAbsentRankIsAnErrorOfTheScope() throws {
        let outcomes = try ThreadRank.outcomes(2, timeout: .seconds(1)) { team in
            guard team.rank == 0 else { return [Double]() }
            return try catchingTorchErrors { team.group.sum([1, 2]) }
        }
        let error = #expect(throws: RankError.self) { try outcomes[0].get() }
        guard case .peerLost = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    /// A rank that has failed stays silent, so that the others do not take its zeros for a result.
    @Test func aFailedRankIsSilent() throws {
        let outcomes = try ThreadRank.outcomes(2, timeout: .seconds(2)) { team in
            try catchingTorchErrors {
                if team.rank == 1 { _ = Tensor.ones([2, 3]).matmul(.ones([2, 3])) }
                return team.group.sum([1]) + team.group.gather([1]).map(Double.init)
            }
        }
        #expect(throws: TorchError.self) { try outcomes[1].get() }
        let error = #expect(throws: RankError.self) { try outcomes[0].get() }
        guard case .peerLost = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    /// In a backward pass too, a lost peer is told from a failed operator.
    @Test func aLossInABackwardPassKeepsItsKind() throws {
        let outcomes = try ThreadRank.outcomes(2, timeout: .seconds(1)) { team in
            try catchingTorchErrors {
                let local = Tensor.ones([1, 2])
                local.setRequiresGradient(true)
                let sum = team.group.gatherRows(local).sum()
                if team.rank == 0 { sum.backward() }
            }
        }
        let error = #expect(throws: RankError.self) { try outcomes[0].get() }
        guard case .peerLost = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test func otherShapesAreAnErrorWhenChecked() throws {
        let outcomes = try ThreadRank.outcomes(2, timeout: .seconds(5), isChecked: true) { team in
            try catchingTorchErrors { team.group.reduce([.ones([2 + team.rank])]) }
        }
        for outcome in outcomes { #expect(throws: RankError.self) { try outcome.get() } }
    }

    @Test func withoutCUDAItsTransportIsRefused() throws {
        guard !LibTorch.isCUDAAvailable else { return }
        var options = RankGroup.Options()
        options.device = Device(.cuda)
        let store = try RankStore.local()
        let error = #expect(throws: RankError.self) {
            try RankGroup(store, name: "g", rank: 0, worldSize: 1, options: options)
        }
        #expect((error?.oneLine ?? "").contains("without CUDA"))
    }

    @Test func aStoreIsServedOnAFreePort() throws {
        let served = try RankStore(
            .init(host: "127.0.0.1", port: 0), serves: true, timeout: .seconds(5))
        let address = try #require(served.address)
        #expect(address.port > 0)
        let client = try RankStore(address, serves: false, timeout: .seconds(5))
        try client.set("a", to: "x y\nz")
        #expect(try served.value(of: "a") == "x y\nz")
        #expect(try served.contains(["a"]) && !served.contains(["a", "b"]))
        #expect(try client.add(2, to: "n") == 2)
        #expect(try served.add(-1, to: "n") == 1)
        try served.remove("a")
        #expect(try !client.contains(["a"]))
        #expect(throws: RankError.self) { try client.value(of: "b", atMost: .milliseconds(50)) }
        #expect(throws: RankError.self) {
            try RankStore(address, serves: true, timeout: .seconds(1))
        }
    }
}
