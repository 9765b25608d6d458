// The processes of a run as one of them sees the others: joining, talking, and finding out who was
// lost.

import Foundation
import MoCaSystem
package import Torch

/// The joined processes of a run.
///
/// It belongs to the thread that joined, which is the one that computes; `saves` alone may be used
/// by another thread.
package final class RankTeam {
    /// The members, in the order of ranks.
    package let members: [RankMember]
    package let rank: Int
    package let group: RankGroup
    /// The number of processes on this process's host.
    package let localWorldSize: Int
    let store: RankStore
    /// A connection of its own to the store, for a thread that saves while the run computes.
    package let saves: RankStore
    /// Whether a member serves the store, rather than a launcher that outlives all of them.
    private let isServedByMember: Bool

    /// The time in which ranks that noticed a loss must answer, to be distinguished from lost ones.
    private static let rollCall = Duration.milliseconds(800)

    private init(
        _ members: [RankMember], rank: Int, group: RankGroup, store: RankStore, saves: RankStore,
        isServedByMember: Bool
    ) {
        (self.members, self.rank, self.group) = (members, rank, group)
        (self.store, self.saves, self.isServedByMember) = (store, saves, isServedByMember)
        localWorldSize = members.filter { $0.host == members[rank].host }.count
    }

    package var worldSize: Int { members.count }
    package var isFirst: Bool { rank == 0 }

    /// The line that introduces this process: `rank 2 of 8 on host x, device cuda:2`.
    package var title: String {
        "rank \(rank) of \(worldSize) on \(members[rank].host), device \(members[rank].device)"
    }

    // MARK: Joining

    /// Joins the other processes that a launcher has started.
    ///
    /// - Parameters:
    ///   - identity: What must be equal on all processes, by name.
    ///   - options: The settings of the group, whose timeout is also that of joining.
    /// - Throws: `RankError`.
    package static func join(
        _ environment: RankEnvironment, identity: [String: String],
        options: RankGroup.Options = .init()
    ) throws -> RankTeam {
        // A write to a process that has ended must be an error, not the end of this one.
        signal(SIGPIPE, SIG_IGN)
        let address = RankStore.Address(host: environment.address, port: environment.port)
        let serves = environment.rank == 0 && !environment.usesAgentStore
        let store = try RankStore(address, serves: serves, timeout: options.timeout)
        let saves = try RankStore(address, serves: false, timeout: options.timeout)
        return try join(
            store, saves: saves, rank: environment.rank, worldSize: environment.worldSize,
            address: RankGroup.localAddress(towards: address), identity: identity,
            options: options, isServedByMember: !environment.usesAgentStore)
    }

    /// Joins threads of this process that share a store.
    package static func join(
        threadsOf store: RankStore, rank: Int, worldSize: Int, identity: [String: String] = [:],
        options: RankGroup.Options = .init()
    ) throws -> RankTeam {
        try join(
            store, saves: store, rank: rank, worldSize: worldSize, address: "127.0.0.1",
            identity: identity, options: options, isServedByMember: false)
    }

    private static func join(
        _ store: RankStore, saves: RankStore, rank: Int, worldSize: Int, address: String,
        identity: [String: String], options: RankGroup.Options, isServedByMember: Bool
    ) throws -> RankTeam {
        let own = RankMember(
            rank: rank, host: ProcessInfo.processInfo.hostName,
            processID: ProcessInfo.processInfo.processIdentifier, address: address,
            device: options.device.description, identity: identity)
        let members = try RankAgreement(
            store: try store.prefixed("moca/"), own: own, worldSize: worldSize,
            timeout: options.timeout
        ).members()
        // Keys of this attempt must not meet those of an earlier one in the same store.
        let attempt = "moca/\(members[0].nonce)/"
        let (named, savesNamed) = (try store.prefixed(attempt), try saves.prefixed(attempt))
        let group = try RankGroup(
            named, name: "group", rank: rank, worldSize: worldSize, options: options)
        return RankTeam(
            members, rank: rank, group: group, store: named, saves: savesNamed,
            isServedByMember: isServedByMember)
    }

    // MARK: Losses

    /// Returns a lost peer's error with its rank and host, if they can be found out: every rank
    /// that is alive notices the loss too, and answers the roll call. Other errors stay unchanged.
    package func naming(_ error: any Error) -> any Error {
        guard case .peerLost(nil, nil, let reason)? = error as? RankError else { return error }
        guard let missing = absentRanks() else {
            guard isServedByMember, !isFirst else { return RankError.peerLost(reason: reason) }
            return lost(0, reason)
        }
        if missing.count == 1 { return lost(missing[0], reason) }
        let list = missing.map { "\($0)" }.joined(separator: ", ")
        return RankError.peerLost(
            reason: missing.isEmpty ? reason : "ranks \(list) do not answer: \(reason)")
    }

    private func lost(_ rank: Int, _ reason: String) -> RankError {
        .peerLost(rank: rank, host: members[rank].host, reason: reason)
    }

    /// Returns the ranks that do not answer; nil if the store does not answer.
    private func absentRanks() -> [Int]? {
        let key = { (rank: Int) in "lost/\(rank)" }
        let (saves, own, all) = (saves, key(rank), members.indices.map(key))
        // On a thread of its own: over a cut cable, a call may wait for ever.
        let thread = DedicatedThread<[Int]>(name: "moca.roll-call") {
            try saves.set(own, to: "")
            let deadline = ContinuousClock.now + Self.rollCall
            var missing = Array(all.indices)
            while !missing.isEmpty, ContinuousClock.now < deadline {
                missing = try missing.filter { try !saves.contains([all[$0]]) }
                Thread.sleep(forTimeInterval: 0.02)
            }
            return missing
        }
        guard thread.join(atMost: Self.rollCall * 2),
            case .success(let missing) = Result(catching: thread.value)
        else { return nil }
        return missing
    }
}

extension Collectives {
    /// Runs `body`, and throws on all ranks if it throws on any.
    ///
    /// - Throws: The error of `body`; `RankError.peerFailed` if it failed on another rank only.
    package func together<Value>(_ body: () throws -> Value) throws -> Value {
        guard worldSize > 1 else { return try body() }
        let outcome = Result { try body() }
        var hasFailed = false
        if case .failure = outcome { hasFailed = true }
        let flags = try catchingTorchErrors { gather([hasFailed ? 1 : 0]) }
        let value = try outcome.get()
        if let rank = flags.firstIndex(of: 1) { throw RankError.peerFailed(rank: rank) }
        return value
    }
}
