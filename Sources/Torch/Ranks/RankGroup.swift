// A group of processes that compute together (c10d of libtorch: Gloo on CPUs, NCCL on CUDA).

import CTorch
import Foundation

/// The ranks of a run, which exchange numbers and tensors.
///
/// Gloo's sums have equal bits on all ranks and in every repetition, but the bits depend on the
/// number of ranks and on an element's position in its tensor. A group that has failed stays
/// unusable. It belongs to one thread.
package final class RankGroup: Collectives {
    package let rank: Int
    package let worldSize: Int
    /// The time after which an operation fails.
    package let timeout: Duration
    /// The device of this rank's tensors, besides the CPU.
    package let device: Device
    package private(set) var exchangeTime = Duration.zero
    // Only the owner's thread calls functions of it.
    private let handle: ctorch_group?

    /// The settings of a group.
    package struct Options: Sendable, Hashable {
        /// The time after which an operation fails, because another rank does not take part.
        package var timeout = Duration.seconds(600)
        /// Whether ranks compare the kind, shapes and types of each operation before it, which
        /// turns a difference into an error instead of wrong numbers; costs milliseconds each.
        package var isChecked = false
        /// The device of tensors that NCCL transfers; tensors of the CPU are always transferred.
        package var device = Device.cpu

        package init() {}
    }

    /// Joins the group `name` of a store, whose other ranks do the same.
    ///
    /// - Throws: `RankError.cannotJoin`.
    package init(
        _ store: RankStore, name: String, rank: Int, worldSize: Int, options: Options = .init()
    ) throws {
        (self.rank, self.worldSize) = (rank, worldSize)
        (timeout, device) = (options.timeout, options.device)
        var handle: ctorch_group?
        let status = ctorch_group_join(
            store.handle, name, Int32(rank), Int32(worldSize), store.address?.host,
            UInt16(store.address?.port ?? 0), options.timeout.milliseconds,
            options.isChecked ? 1 : 0, options.device.code, &handle)
        guard status == CTORCH_OK else {
            throw RankError.cannotJoin(
                reason: "rank \(rank) was not connected (\(Self.lastError()))",
                remedy: "see what the other processes report; GLOO_SOCKET_IFNAME names the network "
                    + "interface to use")
        }
        self.handle = handle
    }

    deinit { ctorch_group_free(handle) }

    /// The local address from which a store is reached; empty if it is not known.
    package static func localAddress(towards address: RankStore.Address) -> String {
        guard let text = ctorch_local_address(address.host, UInt16(clamping: address.port)) else {
            return ""
        }
        defer { free(text) }
        return String(cString: text)
    }

    private static func lastError() -> String {
        String(String(cString: ctorch_last_error()).prefix { $0 != "\n" })
    }

    // MARK: Numbers

    package func sum(_ values: [Double]) -> [Double] {
        guard !values.isEmpty else { return [] }
        let all = allGather(Tensor(values, shape: [values.count])).array(Double.self)
        guard all.count == values.count * worldSize else { return values.map { _ in 0 } }
        return values.indices.map { index in
            stride(from: index, to: all.count, by: values.count).reduce(0) { $0 + all[$1] }
        }
    }

    package func gatherLists(_ local: [Int]) -> [[Int]] {
        let counts = equalLists([Int64(local.count)]).map { Int($0) }
        let most = counts.max() ?? 0
        guard most > 0 else { return counts.map { _ in [] } }
        let padding = [Int64](repeating: 0, count: most - local.count)
        let all = equalLists(local.map(Int64.init) + padding)
        return counts.enumerated().map { rank, count in
            all[rank * most..<rank * most + count].map { Int($0) }
        }
    }

    /// Returns the values of all ranks, each of which has the same number of them; after a failure,
    /// the local ones for every rank.
    private func equalLists(_ values: [Int64]) -> [Int64] {
        let all = allGather(Tensor(values, shape: [values.count])).array(Int64.self)
        guard all.count == values.count * worldSize else {
            return (0..<worldSize).flatMap { _ in values }
        }
        return all
    }

    // MARK: Tensors

    package func reduce(_ tensors: [Tensor]) {
        timed {
            let started = tensors.map { tensor in
                (tensor, start { ctorch_all_reduce(handle, tensor.handle, $0) })
            }
            for (tensor, (work, status)) in started { finish("reduce", work, status, [tensor]) }
        }
    }

    package func reduceScatter(_ whole: Tensor) -> Tensor {
        let part = Tensor.zeros([whole.count / worldSize], dtype: whole.dtype, on: whole.device)
        return timed {
            let (work, status) = start {
                ctorch_reduce_scatter(handle, whole.handle, part.handle, $0)
            }
            return finish("reduceScatter", work, status, [whole, part])
                ? part : Tensor(handle: nil)
        }
    }

    package func allGather(_ part: Tensor) -> Tensor {
        let whole = Tensor.zeros([part.count * worldSize], dtype: part.dtype, on: part.device)
        return timed {
            let (work, status) = start { ctorch_all_gather(handle, part.handle, whole.handle, $0) }
            return finish("allGather", work, status, [part, whole]) ? whole : Tensor(handle: nil)
        }
    }

    package func gatherRows(_ local: Tensor) -> Tensor {
        let counts = gather([local.shape.first ?? 0]).map(Int64.init)
        // The exchange of the backward pass runs inside of libtorch and counts as computing.
        return timed {
            Tensor.produce(
                "gatherRows", CallSite(file: #fileID, line: #line), operands: [local]
            ) {
                hasFailed
                    ? CTORCH_INERT
                    : ctorch_gather_rows(
                        handle, local.handle, counts, Int64(counts.count), $0)
            }
        }
    }

    package func waitForAll(atMost limit: Duration) {
        timed {
            let status = hasFailed ? CTORCH_INERT : ctorch_barrier(handle, limit.milliseconds)
            report("waitForAll", status, [])
        }
    }

    // MARK: Calls

    /// Whether this rank has failed in the current scope. It then stays silent, so that the others
    /// do not go on with its zeros: they notice its end instead.
    private var hasFailed: Bool { ctorch_failure_scope_status() != CTORCH_OK }

    /// Runs an operation, and adds its time to `exchangeTime`.
    private func timed<Value>(_ body: () -> Value) -> Value {
        let start = ContinuousClock.now
        defer { exchangeTime += ContinuousClock.now - start }
        return body()
    }

    private func start(
        _ body: (UnsafeMutablePointer<ctorch_work?>) -> ctorch_status
    ) -> (ctorch_work?, ctorch_status) {
        guard !hasFailed else { return (nil, CTORCH_INERT) }
        var work: ctorch_work?
        let status = body(&work)
        return (work, status)
    }

    /// Waits for a started operation; the operands stay alive until then.
    @discardableResult
    private func finish(
        _ name: StaticString, _ work: ctorch_work?, _ started: ctorch_status, _ operands: [Tensor]
    ) -> Bool {
        let status = withExtendedLifetime(operands) {
            started == CTORCH_OK ? ctorch_work_wait(work) : started
        }
        return report(name, status, operands)
    }

    @discardableResult
    private func report(
        _ name: StaticString, _ status: ctorch_status, _ operands: [Tensor],
        file: StaticString = #fileID, line: UInt = #line
    ) -> Bool {
        guard status != CTORCH_OK else { return true }
        handleFailure(status, of: name, on: operands, at: CallSite(file: file, line: line))
        return false
    }
}
