// What a recipe decides about contrastive training.

/// Whose hard negatives a query is compared with.
package enum HardNegativeScope: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its own (the released code).
    case own
    /// Those of all queries (the paper).
    case batch
}

/// How the limit above which a candidate counts as a false negative follows from the similarity
/// `s` of a query with its positive (the names of sentence-transformers' GISTEmbedLoss).
package enum MarginStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// `s + margin`.
    case absolute
    /// `s + |s| * margin`; NV-Retriever (arXiv 2407.15831) takes a margin of -0.05.
    case relative
}

/// How stored vectors will be rounded.
package enum VectorQuantization: String, Sendable, Hashable, Codable, CaseIterable {
    /// 8 bits a number.
    case int8
    /// One bit a number.
    case binary
}

extension ContrastiveObjective {
    /// What differs between the paper and the released code, and what neither has.
    package struct Settings: Sendable, Hashable {
        /// What similarities are divided by; with `learnsTemperature` only at the start.
        package var temperature: Double
        /// Whether the temperature is a parameter (CLIP, arXiv 2103.00020, section 2.5).
        package var learnsTemperature = false
        package var hardNegativeScope: HardNegativeScope
        /// Whether other candidates with the same content as a query's positive are left out.
        package var masksRepeatedPositives: Bool
        /// Whether other candidates that show the same image as a query's positive, or without
        /// images have the same text but for white space around it, are left out.
        package var masksSameTarget = false
        /// Candidates more similar to a query than its positive by this margin are left out.
        package var falseNegativeMargin: Double?
        package var marginStrategy = MarginStrategy.absolute
        /// Whether each positive must find its query too; the loss is the mean of both directions.
        package var isSymmetric = false
        /// Leading numbers of a vector that must do by themselves (arXiv 2205.13147); the sum over
        /// all listed sizes replaces the loss of the whole vector, so the whole is listed too.
        package var matryoshkaDimensions: [Int] = []
        /// A weight a size; empty: 1 each.
        package var matryoshkaWeights: [Double] = []
        /// Rounded vectors whose loss is added, of every size.
        package var quantizations: [VectorQuantization] = []
        /// A weight a quantisation; empty: 1 each.
        package var quantizationWeights: [Double] = []
        /// What the divergence from a teacher's scores is multiplied by.
        package var distillationWeight = 0.0
        /// What a teacher's scores are divided by.
        package var distillationTemperature = 1.0

        /// The temperature of the released code.
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
    /// One way in which vectors are compared.
    struct View: Sendable, Hashable {
        /// Leading numbers that are kept; nil keeps all.
        var dimensions: Int?
        var quantization: VectorQuantization?
        var weight: Double

        /// The name of its loss in metrics.
        var name: String {
            let parts = [
                dimensions.map { "\($0)" } ?? "whole", quantization?.rawValue ?? "float",
            ]
            return "contrastive_loss_\(parts.joined(separator: "_"))"
        }
    }

    /// All views whose losses make the loss.
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
