// What the processes of a run exchange. Objectives and the trainer are written against it; a run of
// one process exchanges nothing.

package import Torch

/// Communication between the processes of a run.
///
/// All ranks call the same functions in the same order, and take part with nothing where they have
/// nothing. A result that all ranks receive has the same bits on each of them, so decisions made
/// from it agree.
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
    /// A parameter that has a gradient on some ranks counts as zero on the others; one that has none
    /// on any rank keeps none, so that an optimiser leaves it alone.
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

/// A run of one process.
package struct SingleProcess: Collectives {
    package init() {}

    package var worldSize: Int { 1 }
    package var rank: Int { 0 }

    package func sum(_ values: [Double]) -> [Double] { values }
    package func reduce(_ tensors: [Tensor]) {}
    package func gatherRows(_ local: Tensor) -> Tensor { local }
    package func gather(_ local: [Int]) -> [Int] { local }
}
