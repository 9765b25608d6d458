// Communication between the processes of a run, used by objectives and the trainer. A run of one
// process exchanges nothing.

/// Communication between the processes of a run.
///
/// All ranks call the same functions in the same order, with empty arguments if they have no data.
/// A result that all ranks receive is bit-identical on each of them, so decisions based on it
/// agree.
///
/// The functions fail as tensor operators do: inside `catchingTorchErrors` the results are zeros
/// and inert tensors, and the scope throws `RankError.peerLost`.
package protocol Collectives {
    /// The number of processes.
    var worldSize: Int { get }
    /// This process's index, from 0.
    var rank: Int { get }
    /// The time that this process has spent in collective operations so far: transfers, and waiting
    /// for slower ranks.
    ///
    /// Exchanges in a backward pass count as computing. So does what NCCL transfers, which is
    /// queued on the device: ranks wait for slower ones in the exchanges of numbers on the CPU.
    var exchangeTime: Duration { get }

    /// Returns element-wise sums over all ranks, added in the order of ranks.
    func sum(_ values: [Double]) -> [Double]

    /// Replaces the elements of each tensor by their sums over all ranks, in place. All ranks pass
    /// the same number of tensors, of equal shapes and types.
    func reduce(_ tensors: [Tensor])

    /// Returns this rank's part of the sum over all ranks of a vector, whose length is a multiple
    /// of `worldSize`: the bits are those that `reduce` gives.
    func reduceScatter(_ whole: Tensor) -> Tensor

    /// Returns the elements of equally long vectors of all ranks, in the order of ranks.
    func allGather(_ part: Tensor) -> Tensor

    /// Returns the rows of all ranks, in the order of ranks. Differentiable: the gradient of the
    /// local rows is the sum over ranks of the gradients of their copies.
    func gatherRows(_ local: Tensor) -> Tensor

    /// Returns the values of each rank, which may differ in number.
    func gatherLists(_ local: [Int]) -> [[Int]]

    /// Waits for all ranks; the failure on rank 0 names those that do not come within `limit`.
    func waitForAll(atMost limit: Duration)
}

extension Collectives {
    /// Returns the values of all ranks, in the order of ranks.
    package func gather(_ local: [Int]) -> [Int] { gatherLists(local).flatMap { $0 } }

    /// Returns the values of each rank, which may differ in number.
    package func gatherLists(_ local: [Double]) -> [[Double]] {
        gatherLists(local.map { Int(bitPattern: UInt($0.bitPattern)) }).map { list in
            list.map { Double(bitPattern: UInt64(UInt(bitPattern: $0))) }
        }
    }
}

/// The collectives of a run of one process.
package struct SingleProcess: Collectives {
    package init() {}

    package var worldSize: Int { 1 }
    package var rank: Int { 0 }
    package var exchangeTime: Duration { .zero }

    package func sum(_ values: [Double]) -> [Double] { values }
    package func reduce(_ tensors: [Tensor]) {}
    package func reduceScatter(_ whole: Tensor) -> Tensor { whole }
    package func allGather(_ part: Tensor) -> Tensor { part }
    package func gatherRows(_ local: Tensor) -> Tensor { local }
    package func gatherLists(_ local: [Int]) -> [[Int]] { [local] }
    package func waitForAll(atMost limit: Duration) {}
}
