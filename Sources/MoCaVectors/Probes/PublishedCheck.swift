// Compares published similarities of a checkpoint with those of this build.

import MoCaCore
package import MoCaEmbedding

/// The comparison for one checkpoint.
package struct PublishedCheck: Sendable, Encodable {
    /// One published similarity.
    package struct Row: Sendable, Hashable, Encodable {
        package let source: String
        /// The names of the two inputs.
        package let inputs: [String]
        /// The type that the authors computed in.
        package let dtype: String
        package let expected: Float
        /// The similarity by this build; nil if an input has an image, which is not part of this
        /// program.
        package let computed: Float?
        package let difference: Float?
        package let tolerance: Float

        /// Whether the difference is over the tolerance.
        var differs: Bool { difference.map { !(abs($0) <= tolerance) } ?? false }

        /// The row as a line of text.
        var line: String {
            let pair = inputs.joined(separator: " / ")
            let expected = "expected \(Self.text(expected))"
            guard let computed, let difference else {
                return "\(expected)  not computed, its image is not part of this program: \(pair)"
            }
            return "\(expected)  computed \(Self.text(computed))  "
                + "difference \(Self.text(difference))\(differs ? " (!)" : ""): \(pair)"
        }

        private static func text(_ value: Float) -> String {
            NumberText.decimal(Double(value), digits: 4)
        }
    }

    /// The name of the checkpoint on the Hugging Face Hub.
    package let checkpoint: String
    package let rows: [Row]
    /// The names of the inputs that are not part of this program, sorted.
    package let missingInputs: [String]

    private enum CodingKeys: String, CodingKey {
        case checkpoint, rows
    }

    /// The number of similarities that differ by more than their tolerance.
    package var differingCount: Int { rows.count(where: \.differs) }

    /// The number of similarities that were computed.
    package var computedCount: Int { rows.count { $0.computed != nil } }

    /// Computes the similarities of inputs without images.
    ///
    /// - Throws: `EmbeddingError.badInput`.
    package init(
        _ checkpoint: PublishedDemos.Checkpoint, embedder: Embedder
    ) async throws {
        self.checkpoint = checkpoint.name
        var rows: [Row] = []
        for demo in checkpoint.demos { rows += try await Self.rows(of: demo, embedder) }
        self.rows = rows
        missingInputs = Set(checkpoint.demos.flatMap(\.missingInputs)).sorted()
    }

    private static func rows(
        of demo: PublishedDemos.Demo, _ embedder: Embedder
    ) async throws -> [Row] {
        var found: [Int: Embedding] = [:]
        for pair in demo.similarities {
            let contents = pair.inputs.compactMap { demo.inputs[$0].content }
            guard contents.count == pair.inputs.count else { continue }
            for (index, content) in zip(pair.inputs, contents) where found[index] == nil {
                found[index] = try await embedder.embed([content])[0]
            }
        }
        return demo.similarities.map { pair in
            let (first, second) = (found[pair.inputs[0]], found[pair.inputs[1]])
            let computed = first.flatMap { first in second.map { first.cosine(with: $0) } }
            return Row(
                source: demo.source, inputs: pair.inputs.map { demo.inputs[$0].name },
                dtype: demo.dtype, expected: pair.value, computed: computed,
                difference: computed.map { $0 - pair.value }, tolerance: demo.tolerance)
        }
    }

    /// The comparison as lines of text: the checkpoint, its sources, and a line for each similarity.
    package var lines: [String] {
        var (lines, source) = ([checkpoint], "")
        for row in rows {
            if row.source != source { lines.append("  \(row.source), \(row.dtype)") }
            source = row.source
            lines.append("    \(row.line)")
        }
        return lines
    }
}
