// Fused in-place updates of many parameters.

import CTorch

/// The hyperparameters of one AdamW update.
public struct AdamWCoefficients: Sendable, Hashable {
    /// The learning rate of this update.
    public var learningRate: Double
    /// The decay of the mean of gradients.
    public var beta1: Double
    /// The decay of the mean of squared gradients.
    public var beta2: Double
    /// The decoupled weight decay, multiplied by the learning rate.
    public var weightDecay: Double
    /// Added to the square root of the second moment.
    public var epsilon: Double

    /// Creates the coefficients of one update.
    public init(
        learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, epsilon: Double
    ) {
        (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
        (self.weightDecay, self.epsilon) = (weightDecay, epsilon)
    }
}

/// Performs one AdamW update of all `parameters` (libtorch's `_fused_adamw_`). All lists have the
/// same length; `steps` are float32 scalars, which the update increments.
public func fusedAdamW(
    _ parameters: [Tensor], gradients: [Tensor], firstMoments: [Tensor], secondMoments: [Tensor],
    steps: [Tensor], _ coefficients: AdamWCoefficients, file: StaticString = #fileID,
    line: UInt = #line
) {
    let lists = [parameters, gradients, firstMoments, secondMoments, steps]
    precondition(lists.allSatisfy { $0.count == parameters.count }, file: file, line: line)
    // The kernel takes the step number of this update.
    let status = withExtendedLifetime(lists) {
        ctorch_fused_adamw(
            parameters.map(\.handle), gradients.map(\.handle), firstMoments.map(\.handle),
            secondMoments.map(\.handle), steps.map(\.handle), Int64(parameters.count),
            coefficients.learningRate, coefficients.beta1, coefficients.beta2,
            coefficients.weightDecay, coefficients.epsilon)
    }
    if status != CTORCH_OK {
        handleFailure(status, of: "fusedAdamW", on: [], at: CallSite(file: file, line: line))
    }
}

/// The Euclidean norm over all elements of all tensors, in float32.
public func totalNorm(
    _ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    Tensor.call("totalNorm", tensors, file, line) { ctorch_total_norm($0, $1, $2) }
}

/// Multiplies all tensors by `factor` in place.
public func scaleAll(
    _ tensors: [Tensor], by factor: Double, file: StaticString = #fileID, line: UInt = #line
) {
    let status = withExtendedLifetime(tensors) {
        ctorch_scale_all(tensors.map(\.handle), Int64(tensors.count), factor)
    }
    if status != CTORCH_OK {
        handleFailure(status, of: "scaleAll", on: tensors, at: CallSite(file: file, line: line))
    }
}

extension Tensor {
    /// Moves every element the fraction `weight` of the way to that of `target`, in place and
    /// without recording gradients.
    public func interpolate(
        to target: Tensor, weight: Double, file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = withExtendedLifetime((storage, target.storage)) {
            ctorch_lerp_into(handle, target.handle, weight)
        }
        if status != CTORCH_OK {
            handleFailure(
                status, of: "interpolate", on: [self, target],
                at: CallSite(file: file, line: line))
        }
    }
}
