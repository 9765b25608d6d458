// The optimiser.

public import Torch

/// AdamW (Loshchilov, Hutter 2019), with one fused call per parameter group.
///
/// Parameters without a gradient are left unchanged, as in PyTorch. 16-bit parameters have float32
/// masters: these are updated, and the parameters are rounded copies of them, so that a change
/// smaller than a rounding step is not lost.
public final class AdamW {
    /// The settings that stay constant during a run.
    public struct Settings: Sendable, Hashable, Codable {
        /// The decay of the mean of gradients.
        public var beta1: Double
        /// The decay of the mean of squared gradients.
        public var beta2: Double
        /// Added to the square root of the second moment.
        public var epsilon: Double
        /// The decoupled weight decay, multiplied by the learning rate.
        public var weightDecay: Double
        /// Parameter groups with their own settings; the first whose pattern is found in a key
        /// applies.
        public var groups: [Group] = []
        /// Whether 16-bit parameters have float32 masters.
        public var usesMasters = true
        /// The decay of an exponential average of the weights; nil for no average.
        public var averageDecay: Double?

        /// Creates settings with PyTorch's defaults, except for the weight decay.
        public init(
            beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
            weightDecay: Double = 0
        ) {
            (self.beta1, self.beta2) = (beta1, beta2)
            (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
        }

        /// Checks that every group has parameters.
        ///
        /// - Throws: `ParameterError.patternUnused` for a group that matches none of `keys`.
        public func checkGroups(_ keys: [String]) throws {
            for group in groups where !keys.contains(where: group.match.isFound) {
                throw ParameterError.patternUnused(
                    setting: "optimizer.groups", pattern: group.match.text)
            }
        }
    }

    /// A parameter group with its own settings.
    public struct Group: Sendable, Hashable, Codable {
        /// The pattern that is found in the keys of the group's parameters.
        public var match: KeyPattern
        /// The factor of the learning rate.
        public var learningRateScale: Double
        /// The weight decay of the group; nil uses the optimiser's.
        public var weightDecay: Double?

        /// Creates a group of these values.
        public init(match: KeyPattern, learningRateScale: Double = 1, weightDecay: Double? = nil) {
            (self.match, self.learningRateScale) = (match, learningRateScale)
            self.weightDecay = weightDecay
        }
    }

    /// The optimiser state of one parameter.
    struct State {
        let firstMoment: Tensor
        let secondMoment: Tensor
        /// The number of steps taken, a float32 scalar.
        let step: Tensor
        /// The float32 master; nil if the parameter itself is updated.
        let master: Tensor?
    }

    /// The settings, constant during a run.
    public let settings: Settings
    private let parameters: [(key: String, tensor: Tensor)]
    /// The group index of each parameter; `settings.groups.count` if it has none.
    private let groupNumbers: [Int]
    /// Scalars without weight decay, which other code may clamp to a limit.
    private let undecayed: Set<String>
    private var states: [String: State] = [:]
    private var averages: [String: Tensor] = [:]

    /// Creates an optimiser of `parameters`, whose moments begin at zero. Parameters with keys in
    /// `undecayed` have no weight decay, whatever their group's setting.
    public init(
        _ parameters: [(key: String, tensor: Tensor)], settings: Settings,
        undecayed: Set<String> = []
    ) {
        self.parameters = parameters
        self.settings = settings
        self.undecayed = undecayed
        let groups = settings.groups
        groupNumbers = parameters.map { key, _ in
            groups.firstIndex { $0.match.isFound(in: key) } ?? groups.count
        }
    }

    /// Updates every parameter that has a gradient. Gradients are multiplied by `gradientFactor`,
    /// in float32 if there are masters.
    public func step(learningRate: Double, gradientFactor: Double = 1) {
        for group in 0...settings.groups.count {
            let members = zip(parameters, groupNumbers).filter { $1 == group }.map(\.0)
            var coefficients = coefficients(group, learningRate)
            update(members.filter { !undecayed.contains($0.key) }, coefficients, gradientFactor)
            coefficients.weightDecay = 0
            update(members.filter { undecayed.contains($0.key) }, coefficients, gradientFactor)
        }
        if let decay = settings.averageDecay { average(decay) }
    }

    private func coefficients(_ group: Int, _ learningRate: Double) -> AdamWCoefficients {
        let own = group < settings.groups.count ? settings.groups[group] : nil
        return AdamWCoefficients(
            learningRate: learningRate * (own?.learningRateScale ?? 1), beta1: settings.beta1,
            beta2: settings.beta2,
            weightDecay: own?.weightDecay ?? settings.weightDecay, epsilon: settings.epsilon)
    }

    private func update(
        _ members: [(key: String, tensor: Tensor)], _ coefficients: AdamWCoefficients,
        _ factor: Double
    ) {
        var plain: [(value: Tensor, gradient: Tensor, state: State)] = []
        for (key, tensor) in members {
            guard let gradient = tensor.gradient else { continue }
            let state = states[key] ?? withoutGradient { fresh(tensor) }
            states[key] = state
            guard let master = state.master else {
                plain.append((tensor, gradient, state))
                continue
            }
            // One at a time, so that only one gradient exists twice.
            withoutGradient {
                // If other code has clamped the parameter, its master follows.
                if undecayed.contains(key), master.to(tensor.dtype).item() != tensor.item() {
                    master.assign(tensor.detached())
                }
                let wide = gradient.to(.float32)
                Self.update([(master, factor == 1 ? wide : wide * factor, state)], coefficients)
            }
            tensor.assign(master)
        }
        if factor != 1 { scaleAll(plain.map(\.gradient), by: factor) }
        Self.update(plain, coefficients)
    }

    private static func update(
        _ items: [(value: Tensor, gradient: Tensor, state: State)],
        _ coefficients: AdamWCoefficients
    ) {
        fusedAdamW(
            items.map(\.value), gradients: items.map(\.gradient),
            firstMoments: items.map(\.state.firstMoment),
            secondMoments: items.map(\.state.secondMoment), steps: items.map(\.state.step),
            coefficients)
    }

    /// Clears all gradients.
    public func clearGradients() {
        for (_, tensor) in parameters { tensor.setGradient(nil) }
    }

    private func fresh(_ tensor: Tensor) -> State {
        let hasMaster = settings.usesMasters && tensor.dtype.byteCount == 2
        let (shape, device) = (tensor.shape, tensor.device)
        let dtype = hasMaster ? DType.float32 : tensor.dtype
        return State(
            firstMoment: .zeros(shape, dtype: dtype, on: device),
            secondMoment: .zeros(shape, dtype: dtype, on: device),
            step: .zeros([], on: device),
            master: hasMaster ? tensor.detached().to(.float32) : nil)
    }

    // MARK: The average of the weights

    /// As PyTorch's `AveragedModel`: the average starts with the weights of the first update.
    private func average(_ decay: Double) {
        withoutGradient {
            for (key, tensor) in parameters {
                let value = states[key]?.master ?? tensor.detached()
                if let average = averages[key] {
                    average.interpolate(to: value, weight: 1 - decay)
                } else {
                    averages[key] = value.to(.float32).clone()
                }
            }
        }
    }

    /// Replaces the parameters with their averages; masters and moments stay.
    ///
    /// - Returns: whether there are any.
    public func applyAverages() -> Bool {
        for (key, tensor) in parameters {
            if let average = averages[key] { tensor.assign(average) }
        }
        return !averages.isEmpty
    }

    /// Runs `body` with the parameters replaced by their averages, if any. Afterwards the
    /// parameters are restored bit for bit, also if `body` throws.
    ///
    /// - Throws: `TorchError` if there is no memory to set the parameters aside, which then stay
    ///   unchanged; errors of `body`.
    public func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
        // A separate scope: `body` may do more than tensor code, and catches its own failures.
        let replaced = try catchingTorchErrors {
            parameters.filter { averages[$0.key] != nil }.map { _, tensor in
                (tensor: tensor, value: tensor.detached().clone())
            }
        }
        _ = applyAverages()
        defer { for (tensor, value) in replaced { tensor.assign(value) } }
        return try body()
    }

    // MARK: Saved state

    static let stepName = "step"
    private static let parts = ["exp_avg", "exp_avg_sq", stepName]
    private static let masterPart = "master"
    private static let averagePart = "average"
    /// The names of all states of a parameter.
    static let stateNames = parts + [masterPart, averagePart]

    /// The complete state for resuming, by name: `KEY.exp_avg`, `KEY.exp_avg_sq`, `KEY.step`, and
    /// if present `KEY.master` and `KEY.average`.
    public var stateTensors: [(name: String, tensor: Tensor)] {
        parameters.flatMap { key, _ -> [(name: String, tensor: Tensor)] in
            var found: [(name: String, tensor: Tensor)] = []
            if let state = states[key] {
                found = zip(Self.parts, [state.firstMoment, state.secondMoment, state.step])
                    .map { ("\(key).\($0)", $1) }
                if let master = state.master { found.append(("\(key).\(Self.masterPart)", master)) }
            }
            if let average = averages[key] { found.append(("\(key).\(Self.averagePart)", average)) }
            return found
        }
    }

    /// Restores `stateTensors` of an earlier run.
    ///
    /// - Throws: `ParameterError.optimizerState` if they do not match these parameters.
    public func restore(_ tensors: [String: Tensor], file: String) throws {
        var restored: [String: State] = [:]
        var averages: [String: Tensor] = [:]
        var known: Set<String> = []
        for (key, tensor) in parameters {
            let names = Self.stateNames.map { "\(key).\($0)" }
            known.formUnion(names)
            let found = names.map { tensors[$0] }
            if found.allSatisfy({ $0 == nil }) { continue }
            guard found[3...].allSatisfy({ $0.map { $0.shape == tensor.shape } ?? true }) else {
                throw ParameterError.optimizerState(
                    file: file, reason: "master or average of \(key) are misshapen")
            }
            averages[key] = found[4]?.to(tensor.device).clone()
            // A parameter that never had a gradient has only an average.
            if found[..<3].allSatisfy({ $0 == nil }) { continue }
            guard let first = found[0], let second = found[1], let step = found[2],
                first.shape == tensor.shape, second.shape == tensor.shape, step.shape == []
            else {
                throw ParameterError.optimizerState(
                    file: file, reason: "the moments of \(key) are missing or misshapen")
            }
            restored[key] = restoredState(tensor, first, second, step, master: found[3])
        }
        guard known.isSuperset(of: tensors.keys) else {
            throw ParameterError.optimizerState(
                file: file, reason: "it has moments of parameters that the model lacks")
        }
        (states, self.averages) = (restored, averages)
    }

    /// Converts the state of a run in any element type to the types of this run.
    private func restoredState(
        _ tensor: Tensor, _ first: Tensor, _ second: Tensor, _ step: Tensor, master: Tensor?
    ) -> State {
        withoutGradient {
            let hasMaster = settings.usesMasters && tensor.dtype.byteCount == 2
            let dtype = hasMaster ? DType.float32 : tensor.dtype
            let own = { (kept: Tensor) in kept.to(dtype).to(tensor.device).clone() }
            return State(
                firstMoment: own(first), secondMoment: own(second),
                step: step.to(tensor.device).clone(),
                master: hasMaster ? own(master ?? tensor.detached()) : nil)
        }
    }
}
