// The optimiser.

public import Torch

/// AdamW (Loshchilov, Hutter 2019), all parameters in one fused call.
///
/// Parameters without a gradient are left as they are, as in PyTorch.
public final class AdamW {
    /// What does not change during a run.
    public struct Settings: Sendable, Hashable, Codable {
        /// Decay of the mean of gradients.
        public var beta1: Double
        /// Decay of the mean of squared gradients.
        public var beta2: Double
        /// Added to the square root of the second moment.
        public var epsilon: Double
        /// What weights shrink by, times the learning rate.
        public var weightDecay: Double

        /// PyTorch's defaults, but for the weight decay.
        public init(
            beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
            weightDecay: Double = 0
        ) {
            (self.beta1, self.beta2) = (beta1, beta2)
            (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
        }
    }

    /// What is kept for one parameter.
    struct State {
        let firstMoment: Tensor
        let secondMoment: Tensor
        /// float32, without axes: steps taken.
        let step: Tensor
    }

    /// What does not change during a run.
    public let settings: Settings
    private let parameters: [(key: String, tensor: Tensor)]
    private let undecayed: Set<String>
    private var states: [String: State] = [:]

    /// An optimiser of `parameters`; its moments begin at zero. Those of the keys `undecayed` do
    /// not shrink.
    public init(
        _ parameters: [(key: String, tensor: Tensor)], settings: Settings,
        undecayed: Set<String> = []
    ) {
        self.parameters = parameters
        self.undecayed = undecayed
        self.settings = settings
    }

    /// Updates every parameter that has a gradient.
    public func step(learningRate: Double) {
        let parts = Dictionary(grouping: parameters) { undecayed.contains($0.key) }
        update(parts[false] ?? [], learningRate, weightDecay: settings.weightDecay)
        update(parts[true] ?? [], learningRate, weightDecay: 0)
    }

    private func update(
        _ parameters: [(key: String, tensor: Tensor)], _ learningRate: Double, weightDecay: Double
    ) {
        var values: [Tensor] = []
        var gradients: [Tensor] = []
        var kept: [State] = []
        for (key, tensor) in parameters {
            guard let gradient = tensor.gradient else { continue }
            let state = states[key] ?? withoutGradient { fresh(tensor) }
            states[key] = state
            values.append(tensor)
            gradients.append(gradient)
            kept.append(state)
        }
        fusedAdamW(
            values, gradients: gradients, firstMoments: kept.map(\.firstMoment),
            secondMoments: kept.map(\.secondMoment), steps: kept.map(\.step),
            AdamWCoefficients(
                learningRate: learningRate, beta1: settings.beta1, beta2: settings.beta2,
                weightDecay: weightDecay, epsilon: settings.epsilon))
    }

    /// Drops all gradients.
    public func clearGradients() {
        for (_, tensor) in parameters { tensor.setGradient(nil) }
    }

    private func fresh(_ tensor: Tensor) -> State {
        let (shape, dtype, device) = (tensor.shape, tensor.dtype, tensor.device)
        return State(
            firstMoment: .zeros(shape, dtype: dtype, on: device),
            secondMoment: .zeros(shape, dtype: dtype, on: device),
            step: .zeros([], on: device))
    }

    // MARK: Saved state

    private static let parts = ["exp_avg", "exp_avg_sq", "step"]

    /// Everything to continue from, by name: `KEY.exp_avg`, `KEY.exp_avg_sq`, `KEY.step`.
    public var stateTensors: [(name: String, tensor: Tensor)] {
        parameters.flatMap { key, _ -> [(name: String, tensor: Tensor)] in
            guard let state = states[key] else { return [] }
            return zip(Self.parts, [state.firstMoment, state.secondMoment, state.step])
                .map { ("\(key).\($0)", $1) }
        }
    }

    /// Continues from `stateTensors` of an earlier run.
    ///
    /// - Throws: `ParameterError.optimizerState` when they are not of these parameters.
    public func restore(_ tensors: [String: Tensor], file: String) throws {
        var restored: [String: State] = [:]
        for (key, tensor) in parameters {
            let found = Self.parts.map { tensors["\(key).\($0)"] }
            if found.allSatisfy({ $0 == nil }) { continue }
            guard let first = found[0], let second = found[1], let step = found[2],
                first.shape == tensor.shape, second.shape == tensor.shape, step.shape == []
            else {
                throw ParameterError.optimizerState(
                    file: file, reason: "the moments of \(key) are missing or misshapen")
            }
            restored[key] = State(
                firstMoment: first.to(tensor.device).clone(),
                secondMoment: second.to(tensor.device).clone(),
                step: step.to(tensor.device).clone())
        }
        guard restored.count * Self.parts.count == tensors.count else {
            throw ParameterError.optimizerState(
                file: file, reason: "it has moments of parameters that the model lacks")
        }
        states = restored
    }
}
