// Communication between the processes of a run, used by objectives and the trainer. A run of one
// process exchanges nothing.

package import Torch

/// Communication between the processes of a run.
///
/// All ranks call the same functions in the same order, with empty arguments if they have no data.
/// A result that all ranks receive is bit-identical on each of them, so decisions based on it
/// agree.
package protocol Collectives {
    /// The number of processes.
    var worldSize: Int { get }
    /// This process's index, from 0.
    var rank: Int { get }

    /// Returns element-wise sums over all ranks.
    func sum(_ values: [Double]) -> [Double]

    /// Replaces the elements of each tensor by their sums over all ranks, in place. All ranks pass
    /// the same number of tensors, of equal shapes and types.
    func reduce(_ tensors: [Tensor])

    /// Returns the rows of all ranks, in the order of ranks. Differentiable: the gradient of the
    /// local rows is the sum over ranks of the gradients of their copies.
    func gatherRows(_ local: Tensor) -> Tensor

    /// Returns the values of all ranks, in the order of ranks.
    func gather(_ local: [Int]) -> [Int]
}

extension Collectives {
    /// Returns the value of rank 0 on all ranks.
    package func broadcast(_ value: Double) -> Double {
        sum([rank == 0 ? value : 0])[0]
    }

    /// Replaces the gradient of each parameter by its sum over all ranks.
    ///
    /// A gradient that is missing on some ranks counts as zero there; a parameter without a
    /// gradient on any rank keeps none, so an optimiser does not update it.
    package func reduceGradients(of parameters: [Tensor]) {
        guard worldSize > 1 else { return }
        let found = sum(parameters.map { $0.gradient == nil ? 0 : 1 })
        let wide = sum(parameters.map { $0.gradient?.dtype == .float32 ? 1 : 0 })
        var gradients: [Tensor] = []
        for (index, parameter) in parameters.enumerated() where found[index] > 0 {
            if parameter.gradient == nil {
                let dtype = wide[index] > 0 ? DType.float32 : parameter.dtype
                parameter.setGradient(.zeros(parameter.shape, dtype: dtype, on: parameter.device))
            }
            if let gradient = parameter.gradient { gradients.append(gradient) }
        }
        reduce(gradients)
    }
}

/// The collectives of a run of one process.
package struct SingleProcess: Collectives {
    package init() {}

    package var worldSize: Int { 1 }
    package var rank: Int { 0 }

    package func sum(_ values: [Double]) -> [Double] { values }
    package func reduce(_ tensors: [Tensor]) {}
    package func gatherRows(_ local: Tensor) -> Tensor { local }
    package func gather(_ local: [Int]) -> [Int] { local }
}
