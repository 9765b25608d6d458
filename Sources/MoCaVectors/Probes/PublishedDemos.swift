// Similarities that the authors of checkpoints have published (Resources/demos.json).

import Foundation
import MoCaCore
package import MoCaEmbedding
import MoCaHub
import MoCaProcessing

/// Published similarities of checkpoints, by the names of their repositories.
package struct PublishedDemos: Sendable, Hashable, Decodable {
    /// The demos of one checkpoint.
    package struct Checkpoint: Sendable, Hashable, Decodable {
        /// The name of the repository on the Hugging Face Hub.
        package let name: String
        /// The name of the embedder's rules.
        let embedder: String
        /// The number of components of a vector.
        let vectorLength: Int
        package let demos: [Demo]

        private enum CodingKeys: String, CodingKey {
            case name, embedder, demos
            case vectorLength = "vector_length"
        }
    }

    /// Inputs and the similarities of pairs of them.
    package struct Demo: Sendable, Hashable, Decodable {
        /// Where the similarities are published.
        package let source: String
        /// The type that they were computed in.
        package let dtype: String
        /// The greatest difference that types and kernels explain.
        package let tolerance: Float
        let inputs: [Input]
        let similarities: [Pair]

        /// The names of the inputs that are not part of this program.
        var missingInputs: [String] { inputs.filter { $0.content == nil }.map(\.name) }
    }

    /// An input: a text, or one that is not part of this program.
    struct Input: Sendable, Hashable, Decodable {
        let text: String?
        let instruction: String?
        /// The name of the image in the documentation.
        let image: String?
        /// The name in the documentation of an input that is not listed here.
        let label: String?

        /// The content; nil if it is not part of this program.
        var content: Content? {
            guard image == nil, label == nil, let text else { return nil }
            return Content([.text(text)], instruction: instruction)
        }

        /// A short name of the input.
        var name: String {
            let texts = [label, image.map { "image \($0)" }, text.map { "\"\($0.prefix(40))\"" }]
            return texts.compactMap { $0 }.joined(separator: " and ")
        }
    }

    /// The similarity of two inputs.
    struct Pair: Sendable, Hashable, Decodable {
        /// The indices of the two inputs.
        let inputs: [Int]
        let value: Float
    }

    package let checkpoints: [Checkpoint]

    /// Reads the demos embedded in the program.
    ///
    /// - Throws: an error of the decoder.
    package init() throws {
        self = try JSONDecoder().decode(Self.self, from: Data(PackageResources.demos_json))
    }

    /// The checkpoints that a model may be: the repository that it was downloaded from, else those
    /// with the same rules and vector length.
    package func checkpoints(of embedder: Embedder) -> [Checkpoint] {
        if let name = HubSnapshot(embedder.folder)?.name {
            let named = checkpoints.filter { $0.name == name }
            if !named.isEmpty { return named }
        }
        let rules = embedder.settings.rules.name
        return checkpoints.filter {
            $0.embedder == rules && $0.vectorLength == embedder.vectorLength
        }
    }
}
