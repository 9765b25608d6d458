// The store through which the processes of a run find each other: keys and short texts, kept by one
// process and reached by all over TCP (c10d's TCPStore).

import CTorch
import Foundation

/// Keys and texts that the processes of a run share.
///
/// Calls may come from any thread. They are served one after the other, so a call that waits delays
/// those of other threads.
package final class RankStore: Sendable {
    /// The address of a store that is served over TCP.
    package struct Address: Sendable, Hashable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            (self.host, self.port) = (host, port)
        }
    }

    /// The address; nil for a store of threads of this process.
    package let address: Address?
    /// The time that a call waits at most.
    package let timeout: Duration
    // The library guards it; it is freed when the last reference to this object goes.
    nonisolated(unsafe) let handle: ctorch_store?

    private init(_ handle: ctorch_store?, _ address: Address?, timeout: Duration) {
        (self.handle, self.address, self.timeout) = (handle, address, timeout)
    }

    deinit { ctorch_store_free(handle) }

    /// Serves a store, or connects to it.
    ///
    /// - Parameters:
    ///   - address: The address of the process that serves it. Port 0 stands for any free one.
    ///   - serves: Whether this process serves the store.
    ///   - worldSize: The number of processes to wait for; nil for none.
    /// - Throws: `RankError.cannotJoin`.
    package convenience init(
        _ address: Address, serves: Bool, worldSize: Int? = nil, timeout: Duration
    ) throws {
        var (handle, port) = (ctorch_store?.none, UInt16(0))
        guard let wanted = UInt16(exactly: address.port) else {
            throw RankError.cannotJoin(
                reason: "\(address.port) is not a port", remedy: "give one from 1 to 65535")
        }
        let status = ctorch_store_open(
            address.host, wanted, serves ? 1 : 0, Int64(worldSize ?? 0), timeout.milliseconds,
            &handle)
        guard status == CTORCH_OK, ctorch_store_port(handle, &port) == CTORCH_OK else {
            let place = "\(address.host):\(address.port)"
            let cause = String(cString: ctorch_last_error()).prefix { $0 != "\n" }
            throw RankError.cannotJoin(
                reason: serves
                    ? "the store cannot be served at \(place) (\(cause))"
                    : "the store at \(place) was not reached (\(cause))",
                remedy: serves
                    ? "choose another port, and see that all processes were started"
                    : "see that rank 0 runs there and that the port is open")
        }
        self.init(handle, Address(host: address.host, port: Int(port)), timeout: timeout)
    }

    /// Creates a store for threads of this process.
    package static func local(timeout: Duration = .seconds(60)) throws -> RankStore {
        var handle: ctorch_store?
        try check(ctorch_store_local(&handle))
        return RankStore(handle, nil, timeout: timeout)
    }

    /// Returns a view of the store in which every key begins with `prefix`.
    ///
    /// - Throws: `RankError.peerLost`.
    package func prefixed(_ prefix: String) throws -> RankStore {
        var view: ctorch_store?
        try Self.check(ctorch_store_prefixed(handle, prefix, &view))
        return RankStore(view, address, timeout: timeout)
    }

    // MARK: Keys

    /// Sets the value of a key.
    ///
    /// - Throws: `RankError.peerLost`.
    package func set(_ key: String, to value: String) throws {
        let bytes = Array(value.utf8)
        try Self.check(ctorch_store_set(handle, key, bytes, Int64(bytes.count)))
    }

    /// Waits until a key has a value, and returns it.
    ///
    /// - Throws: `RankError.peerLost` after `limit`, which is by default the store's timeout.
    package func value(of key: String, atMost limit: Duration? = nil) throws -> String {
        var (bytes, count) = (UnsafeMutableRawPointer?.none, Int64(0))
        try Self.check(
            ctorch_store_get(handle, key, (limit ?? timeout).milliseconds, &bytes, &count))
        defer { free(bytes) }
        return String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    /// Returns whether all keys have values; does not wait.
    ///
    /// - Throws: `RankError.peerLost`.
    package func contains(_ keys: [String]) throws -> Bool {
        var exist: Int32 = 0
        let texts = keys.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        try Self.check(ctorch_store_check(handle, pointers, Int64(keys.count), &exist))
        return exist == 1
    }

    /// Adds to a counter, which starts at 0, and returns the result.
    ///
    /// - Throws: `RankError.peerLost`.
    @discardableResult
    package func add(_ amount: Int, to key: String) throws -> Int {
        var sum: Int64 = 0
        try Self.check(ctorch_store_add(handle, key, Int64(amount), &sum))
        return Int(sum)
    }

    /// Removes a key.
    ///
    /// - Throws: `RankError.peerLost`.
    package func remove(_ key: String) throws {
        try Self.check(ctorch_store_remove(handle, key))
    }

    private static func check(_ status: ctorch_status) throws {
        guard status != CTORCH_OK else { return }
        let text = String(cString: ctorch_last_error()).prefix { $0 != "\n" }
        throw RankError.peerLost(reason: "the store does not answer (\(text))")
    }
}

extension Duration {
    /// The whole milliseconds, at least 1.
    var milliseconds: Int64 {
        max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
    }
}
