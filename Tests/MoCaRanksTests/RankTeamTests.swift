// Joining: who is missing, who does not belong, and who was lost.

import MoCaCore
import Foundation
import MoCaRankSupport
import MoCaSystem
import Testing
import Torch

@testable import MoCaRanks

@Suite struct RankTeamTests {
    private func join(
        _ store: RankStore, rank: Int, of worldSize: Int, identity: [String: String] = [:],
        seconds: Int = 20
    ) throws -> RankTeam {
        var options = RankGroup.Options()
        options.timeout = .seconds(seconds)
        return try RankTeam.join(
            threadsOf: store, rank: rank, worldSize: worldSize, identity: identity,
            options: options)
    }

    private func text(_ result: Result<Void, any Error>) -> String {
        guard case .failure(let error) = result else { return "" }
        return (error as? RankError)?.oneLine ?? "\(error)"
    }

    /// Runs `body` for each index on a thread of its own.
    private func inParallel(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Void
    ) -> [Result<Void, any Error>] {
        let threads = (0..<count).map { index in
            DedicatedThread<Void>(name: "rank", stackSize: 16 << 20) { try body(index) }
        }
        return threads.map { thread in Result { try thread.value() } }
    }

    @Test func allKnowEachOther() throws {
        let titles = try ThreadRank.team(3) { team in
            #expect(team.members.map(\.rank) == [0, 1, 2])
            #expect(team.localWorldSize == 3)
            return team.title
        }
        let host = ProcessInfo.processInfo.hostName
        #expect(titles == (0..<3).map { "rank \($0) of 3 on \(host), device cpu" })
    }

    @Test func anAbsentRankIsNamed() throws {
        let store = try RankStore.local()
        let results = inParallel(2) { rank in
            _ = try self.join(store, rank: rank, of: 4, seconds: 1)
        }
        for result in results {
            #expect(text(result).contains("of 4 ranks, 2, 3 did not come within 1 s"))
        }
    }

    @Test func twoProcessesOfOneRankAreNamed() throws {
        let store = try RankStore.local()
        let results = inParallel(3) { index in
            _ = try self.join(store, rank: min(index, 1), of: 2, seconds: 2)
        }
        let texts = results.map(text)
        #expect(texts.contains { $0.contains("two processes are rank 1") })
    }

    @Test func anotherRecipeIsNamed() throws {
        let store = try RankStore.local()
        let results = inParallel(2) { rank in
            _ = try self.join(
                store, rank: rank, of: 2, identity: ["the recipe": "\(rank)", "version": "1"])
        }
        for result in results {
            #expect(text(result).contains("differ in the recipe"))
            #expect(!text(result).contains("version"))
        }
    }

    /// The store of a failed attempt still has its keys when the processes start again.
    @Test func aSecondAttemptFindsItsOwnMembers() throws {
        let store = try RankStore.local()
        for _ in 0..<3 {
            let results = inParallel(3) { rank in
                let team = try self.join(store, rank: rank, of: 3)
                let sum = try catchingTorchErrors { team.group.sum([Double(rank)]) }
                #expect(sum == [3])
            }
            for result in results { #expect(text(result).isEmpty) }
        }
    }

    @Test func loopbackAddressesOnSeveralHostsAreRefused() {
        let members = ["a", "b"].enumerated().map { rank, host in
            RankMember(
                rank: rank, host: host, processID: 1, address: "127.0.1.1", device: "cpu",
                identity: [:])
        }
        #expect {
            try RankAgreement.check(members)
        } throws: {
            (($0 as? RankError)?.oneLine ?? "").contains("GLOO_SOCKET_IFNAME")
        }
    }

    @Test func whatTheFirstRankReturnsReachesAll() throws {
        struct Refused: Error, Equatable {}
        let texts = try ThreadRank.team(3) { team in
            try team.fromFirst("a") { "text of \(team.rank)" }
        }
        #expect(texts == ["text of 0", "text of 0", "text of 0"])
        let outcomes = try ThreadRank.outcomes(2) { team in
            try team.fromFirst("b") { throw Refused() }
        }
        #expect(throws: Refused()) { try outcomes[0].get() }
        #expect(throws: RankError.peerFailed(rank: 0)) { try outcomes[1].get() }
    }

    @Test func anErrorOfOneRankReachesAll() throws {
        struct Refused: Error, Equatable {}
        let outcomes = try ThreadRank.outcomes(3) { team in
            try team.group.together { if team.rank == 1 { throw Refused() } }
        }
        #expect(throws: Refused()) { try outcomes[1].get() }
        for rank in [0, 2] {
            #expect(throws: RankError.peerFailed(rank: 1)) { try outcomes[rank].get() }
        }
    }

    @Test func aLostRankIsNamed() throws {
        let host = ProcessInfo.processInfo.hostName
        let outcomes = try ThreadRank.outcomes(3, timeout: .seconds(2)) { team -> String in
            // Rank 1 ends without a word.
            if team.rank == 1 { return "" }
            do {
                _ = try catchingTorchErrors { team.group.sum([1]) }
                return "no error"
            } catch {
                return (team.naming(error) as? RankError)?.oneLine ?? "\(error)"
            }
        }
        for rank in [0, 2] {
            #expect(try outcomes[rank].get().contains("rank 1 on \(host)"))
        }
    }
}
