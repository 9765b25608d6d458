// A low-rank trained change of a frozen weight.
// Shapes: I inputs, O outputs, R the adapter's rank.

import MoCaCore
public import Torch

/// LoRA: `W + s B A`. DoRA: its rows, each scaled to a trained norm `m`; the current norm is
/// treated as a constant in backward (arXiv 2402.09353, section 4.3), as PEFT does.
public struct LowRankAdapter: Sendable {
    /// The matrix `A` `[R, I]`.
    public let loraA: Tensor
    /// The matrix `B` `[O, R]`.
    public let loraB: Tensor
    /// The trained row norms `m` `[O]`; nil for LoRA.
    public let magnitude: Tensor?
    /// The scaling `s`.
    public let scaling: Double
    let dropout: AdapterDropout?

    /// Applies the adapted layer with `weight` and `bias`: `[..., I]` -> `[..., O]`.
    ///
    /// Dropout applies to the adapter's inputs; in DoRA also to those of the plain layer's term
    /// that the magnitude adds.
    func callAsFunction(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        output(x, dropped: dropout?(x), weight, bias)
    }

    /// The adapted layer's output, with `dropped` as `x` after dropout; nil for no dropout.
    func output(
        _ x: Tensor, dropped: Tensor?, _ weight: Tensor, _ bias: Tensor?
    ) -> Tensor {
        let base = x.linear(weight, nil)
        let change = (dropped ?? x).linear(loraA, nil).linear(loraB, nil) * scaling
        let y: Tensor
        if let magnitude {
            let factor = magnitude / withoutGradient { rowLengths(weight).to(magnitude.dtype) }
            if let dropped {
                y = base + (factor - 1) * dropped.linear(weight, nil) + factor * change
            } else {
                y = factor * (base + change)
            }
        } else {
            y = base + change
        }
        return bias.map { y + $0 } ?? y
    }

    /// The norms of the rows of `W + s B A`, float32 `[O]`.
    private func rowLengths(_ weight: Tensor) -> Tensor {
        sum(weight).norm(1)
    }

    /// `W + s B A` in float32, `[O, I]`.
    private func sum(_ weight: Tensor) -> Tensor {
        let product = loraB.detached().to(.float32).matmul(loraA.detached().to(.float32))
        return weight.detached().to(.float32) + product * scaling
    }

    /// The weight of an equivalent plain layer, in the type of `weight`.
    func merged(into weight: Tensor) -> Tensor {
        withoutGradient {
            let sum = sum(weight)
            guard let magnitude else { return sum.to(weight.dtype) }
            let factor = magnitude.detached().to(.float32) / sum.norm(1)
            return (sum * factor.unsqueezed(1)).to(weight.dtype)
        }
    }

    /// The norms of the rows of a weight, which initialise a magnitude.
    static func lengths(ofRows weight: Tensor) -> Tensor {
        withoutGradient { weight.detached().to(.float32).norm(1) }
    }
}

/// Dropout whose mask is a function of the seed, the position in the run and the module.
struct AdapterDropout: Sendable {
    let share: Double
    let seed: UInt64
    let module: String
    let context: StepContext

    /// `x` after dropout, scaled to the same mean; nil outside of training.
    func callAsFunction(_ x: Tensor) -> Tensor? {
        guard let place = context.place, share > 0 else { return nil }
        let rank = place.rank == 0 ? "" : "/\(place.rank)"
        var random = RandomSource(
            seed: seed, name: "dropout/\(module)/\(place.step)/\(place.part)\(rank)")
        let mask = Tensor.bernoulli(
            x.shape, probability: 1 - share, dtype: x.dtype, on: x.device, using: &random)
        return x * (mask * (1 / (1 - share)))
    }
}
