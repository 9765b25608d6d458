// The initialisation of fresh parameters.

import Torch

/// The role of a parameter, which decides its initialisation.
public enum ParameterRole: Sendable, Hashable {
    /// A matrix whose outputs each sum `fanIn` inputs.
    case linear(fanIn: Int)
    /// A matrix whose outputs are added to a residual stream, as those of `branches` such matrices.
    case residual(fanIn: Int, branches: Int)
    /// A table of token vectors.
    case embedding
    /// The scale of a norm.
    case scale
    /// An offset.
    case bias
}

/// A rule for fresh parameters: scales are 1, biases 0, all others normal.
public enum InitializationScheme: Sendable, Hashable {
    /// One standard deviation for all matrices and embeddings, as transformers initialises
    /// (`initializer_range`, usually 0.02).
    case fixed(deviation: Double)
    /// Matrices keep the variance of their input (standard deviation `1 / sqrt(fanIn)`; all
    /// branches of a residual stream together add as much variance as it began with), embeddings
    /// have standard deviation `embeddingDeviation`. Small models learn sooner with it.
    case unitVariance(embeddingDeviation: Double)

    /// Draws a parameter of `shape`.
    func draw(
        _ role: ParameterRole, _ shape: [Int], dtype: DType, on device: Device,
        using random: inout some RandomNumberGenerator
    ) -> Tensor {
        let deviation: Double
        switch (self, role) {
        case (_, .scale): return .ones(shape, dtype: dtype, on: device)
        case (_, .bias): return .zeros(shape, dtype: dtype, on: device)
        case (.fixed(let fixed), _): deviation = fixed
        case (.unitVariance, .linear(let fanIn)): deviation = 1 / Double(fanIn).squareRoot()
        case (.unitVariance, .residual(let fanIn, let branches)):
            deviation = 1 / Double(fanIn * branches).squareRoot()
        case (.unitVariance(let embedding), .embedding): deviation = embedding
        }
        return .normal(shape, deviation: deviation, dtype: dtype, on: device, using: &random)
    }
}
