// How the processes of a run make sure, before they compute, that all are there and belong
// together.

import Foundation
package import Torch

/// One process of a run, as the others know it.
package struct RankMember: Sendable, Hashable, Codable {
    /// A random text, which tells this process from an earlier one of the same rank.
    package var nonce = UUID().uuidString
    package var rank: Int
    package var host: String
    package var processID: Int32
    /// The local address that other processes connect to; empty if it is not known.
    package var address: String
    package var device: String
    /// What must be equal on all processes, by name, such as the digest of the recipe.
    package var identity: [String: String]

    package init(
        rank: Int, host: String, processID: Int32, address: String, device: String,
        identity: [String: String]
    ) {
        (self.rank, self.host, self.processID) = (rank, host, processID)
        (self.address, self.device, self.identity) = (address, device, identity)
    }

    fileprivate var place: String { "rank \(rank) on \(host)" }
}

/// The agreement of the processes of a run on who they are.
///
/// A store may outlive a failed attempt (torchrun restarts all processes with the same one), so
/// what it holds may come from processes that have ended. Each process therefore announces itself
/// with a random text, rank 0 lists the announced ones, and a list counts when every process has
/// found itself in it and has confirmed it.
struct RankAgreement {
    let store: RankStore
    let own: RankMember
    let worldSize: Int
    let timeout: Duration

    private static let pollingInterval = 0.01
    private static let listKey = "list"

    private func key(_ rank: Int) -> String { "here/\(rank)" }

    /// Waits until all processes have confirmed one list, and returns it, in the order of ranks.
    ///
    /// - Throws: `RankError.cannotJoin` if some do not come in time, `.mismatch` if they do not
    ///   belong together, `.peerLost` if the store fails.
    func members() throws -> [RankMember] {
        let members = try listed()
        do {
            try Self.check(members)
        } catch {
            try waitForOthers(members[0].nonce)
            throw error
        }
        return members
    }

    /// Lets all read the list before rank 0, which may serve the store, ends with the error that
    /// all of them find.
    private func waitForOthers(_ attempt: String) throws {
        let key = "refused/\(attempt)"
        try store.add(1, to: key)
        let deadline = ContinuousClock.now + .seconds(5)
        while own.rank == 0, ContinuousClock.now < deadline, try store.add(0, to: key) < worldSize {
            Thread.sleep(forTimeInterval: Self.pollingInterval)
        }
    }

    private func listed() throws -> [RankMember] {
        let keys = (0..<worldSize).map(key)
        try store.set(key(own.rank), to: Self.text(own))
        var (announced, confirmed) = ("", "")
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            if own.rank == 0, try store.contains(keys) {
                let present: [RankMember] = try keys.map { try Self.value(store.value(of: $0)) }
                let list = try Self.text(present)
                if list != announced { try store.set(Self.listKey, to: list) }
                announced = list
            }
            if try store.contains([Self.listKey]) {
                let members: [RankMember] = try Self.value(store.value(of: Self.listKey))
                if members.count == worldSize, members[own.rank] == own {
                    let round = "confirmed/" + members.map(\.nonce).joined(separator: "/")
                    if round != confirmed { try store.add(1, to: round) }
                    confirmed = round
                    if try store.add(0, to: round) == worldSize { return members }
                }
            }
            Thread.sleep(forTimeInterval: Self.pollingInterval)
        }
        throw try timedOut()
    }

    /// Returns the error that says who is missing.
    private func timedOut() throws -> RankError {
        let missing = try (0..<worldSize).filter { try !store.contains([key($0)]) }
        let seconds = timeout.components.seconds
        guard missing.isEmpty else {
            let names = missing.map(String.init).joined(separator: ", ")
            return .cannotJoin(
                reason: "of \(worldSize) ranks, \(names) did not come within \(seconds) s",
                remedy: "see that all processes were started with the same MASTER_ADDR and "
                    + "MASTER_PORT")
        }
        let other: RankMember = try Self.value(store.value(of: key(own.rank)))
        guard other == own else {
            return .mismatch(
                reason: "two processes are rank \(own.rank): process \(own.processID) on "
                    + "\(own.host) and process \(other.processID) on \(other.host)",
                remedy: "give each process its own rank; RANK must count processes, not nodes")
        }
        return .cannotJoin(
            reason: "not all ranks confirmed within \(seconds) s that they are ready",
            remedy: "see what the other processes report, and start all of them again")
    }

    // MARK: Checks

    static func check(_ members: [RankMember]) throws {
        let first = members[0]
        for member in members.dropFirst() {
            let names = Set(first.identity.keys).union(member.identity.keys).sorted()
            let different = names.filter { first.identity[$0] != member.identity[$0] }
            guard different.isEmpty else {
                throw RankError.mismatch(
                    reason: "\(member.place) and \(first.place) differ in "
                        + different.joined(separator: ", "),
                    remedy: "start all processes with the same program and the same arguments")
            }
        }
        let hosts = Set(members.map(\.host))
        if hosts.count > 1, let local = members.first(where: \.isLoopback) {
            throw RankError.mismatch(
                reason: "\(local.place) offers the address \(local.address), which other hosts "
                    + "cannot reach",
                remedy: "set MASTER_ADDR to an address of rank 0 in the network, or "
                    + "GLOO_SOCKET_IFNAME to the interface to use")
        }
    }

    // MARK: Texts

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func value<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw RankError.mismatch(
                reason: "another program uses the store, or another version of this one",
                remedy: "start all processes with the same program, and choose another MASTER_PORT")
        }
    }
}

extension RankMember {
    var isLoopback: Bool { address.hasPrefix("127.") || address == "::1" || address.isEmpty }
}
