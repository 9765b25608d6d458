// The settings of contrastive training.

/// The hard negatives that a query is compared with.
package enum HardNegativeScope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Those of the query (the released code).
    case own
    /// Those of all queries (the paper).
    case batch
}

/// The limit above which a candidate counts as a false negative, from the similarity `s` of a query
/// and its positive (named as in sentence-transformers' GISTEmbedLoss).
package enum MarginStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// `s + margin`.
    case absolute
    /// `s + |s| * margin`; NV-Retriever (arXiv 2407.15831) uses a margin of -0.05.
    case relative
}

/// The quantisation of stored vectors.
package enum VectorQuantization: String, Sendable, Hashable, Codable, CaseIterable {
    /// 8 bits per component.
    case int8
    /// One bit per component.
    case binary
}

extension ContrastiveObjective {
    /// The settings in which the paper and the released code differ, and extensions of both.
    package struct Settings: Sendable, Hashable {
        /// The divisor of similarities; with `learnsTemperature`, its initial value.
        package var temperature: Double
        /// Whether the temperature is a parameter (CLIP, arXiv 2103.00020, section 2.5).
        package var learnsTemperature = false
        package var hardNegativeScope: HardNegativeScope
        /// Whether other candidates with the same content as a query's positive are left out.
        package var masksRepeatedPositives: Bool
        /// Whether other candidates with the same image as a query's positive (without images: the
        /// same text, ignoring surrounding white space) are left out.
        package var masksSameTarget = false
        /// The margin by which a candidate's similarity may exceed the positive's before the
        /// candidate is left out; nil for no limit.
        package var falseNegativeMargin: Double?
        package var marginStrategy = MarginStrategy.absolute
        /// Whether each positive is also matched to its query; the loss is the mean of both
        /// directions.
        package var isSymmetric = false
        /// The numbers of leading components that are trained as separate vectors (arXiv
        /// 2205.13147). The sum over all sizes replaces the loss of the full vector, so the full
        /// size is listed too.
        package var matryoshkaDimensions: [Int] = []
        /// The weight of each size; empty for 1 each.
        package var matryoshkaWeights: [Double] = []
        /// The quantisations whose losses are added, for every size.
        package var quantizations: [VectorQuantization] = []
        /// The weight of each quantisation; empty for 1 each.
        package var quantizationWeights: [Double] = []
        /// The weight of the divergence from a teacher's scores.
        package var distillationWeight = 0.0
        /// The divisor of a teacher's scores.
        package var distillationTemperature = 1.0

        /// Creates settings; the defaults are those of the released code.
        package init(
            temperature: Double = 0.03, hardNegativeScope: HardNegativeScope = .own,
            masksRepeatedPositives: Bool = true
        ) {
            (self.temperature, self.hardNegativeScope) = (temperature, hardNegativeScope)
            self.masksRepeatedPositives = masksRepeatedPositives
        }
    }
}

extension ContrastiveObjective.Settings {
    /// A size and quantisation in which vectors are compared.
    struct View: Sendable, Hashable {
        /// The number of leading components that are kept; nil keeps all.
        var dimensions: Int?
        var quantization: VectorQuantization?
        var weight: Double

        /// The name of the view's loss in metrics.
        var name: String {
            let parts = [
                dimensions.map { "\($0)" } ?? "whole", quantization?.rawValue ?? "float",
            ]
            return "contrastive_loss_\(parts.joined(separator: "_"))"
        }
    }

    /// The views whose weighted losses make up the loss.
    var views: [View] {
        let sizes: [(Int?, Double)] =
            matryoshkaDimensions.isEmpty
            ? [(nil, 1)]
            : matryoshkaDimensions.enumerated().map { index, size in
                (size, matryoshkaWeights.isEmpty ? 1 : matryoshkaWeights[index])
            }
        return sizes.flatMap { size, weight in
            [View(dimensions: size, quantization: nil, weight: weight)]
                + quantizations.enumerated().map { index, quantization in
                    let factor = quantizationWeights.isEmpty ? 1 : quantizationWeights[index]
                    return View(
                        dimensions: size, quantization: quantization, weight: weight * factor)
                }
        }
    }
}
