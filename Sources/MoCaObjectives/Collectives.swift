// What ranks exchange during a step. Every objective is written against it; a world of one does
// nothing.

package import Torch

/// Communication between the processes of a run.
package protocol Collectives {
    /// The number of processes.
    var worldSize: Int { get }
    /// This process's number, from 0.
    var rank: Int { get }

    /// Element-wise sums over all ranks.
    func sum(_ values: [Double]) -> [Double]

    /// The rows of all ranks, in the order of ranks. Differentiable: the gradient of the local rows
    /// is the sum over ranks of the gradients of their copies.
    func gatherRows(_ local: Tensor) -> Tensor

    /// Values of all ranks, in the order of ranks.
    func gather(_ local: [Int]) -> [Int]
}

/// A run of one process.
package struct SingleProcess: Collectives {
    package init() {}

    package var worldSize: Int { 1 }
    package var rank: Int { 0 }

    package func sum(_ values: [Double]) -> [Double] { values }
    package func gatherRows(_ local: Tensor) -> Tensor { local }
    package func gather(_ local: [Int]) -> [Int] { local }
}
