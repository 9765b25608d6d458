// What a family of vision-language models must give to be embedded with, trained and saved. Nothing
// outside the folder of a family names it: programs ask `Families` for a configuration, and the
// configuration makes everything else.
// Shapes: T packed tokens, W width.

package import Foundation
package import MoCaCore
package import NN
package import Torch

/// The facts of one model, read from its `config.json`, whatever its family.
///
/// A family owns, in its folder below `Families`:
/// - its configuration, with the reader and the writer of `config.json`,
/// - its vision tower and its language model, which are free in how images reach the text: as tokens
///   of the sequence, by cross-attention, or as crops,
/// - its `InputRules`: markers, the tokens of an image, positions,
/// - its `ForwardCost` and the sizes that estimates of memory need,
/// - the keys of its parts in checkpoints.
///
/// `EncoderInput` is the packed input of families whose images are tokens of the sequence. A family
/// whose images are not adds what it needs beside it (cross-attention states, crops of an image) as a
/// part of the packed input of its own, and makes it by its input rules; it does not bend image tokens
/// into a sequence that has none.
///
/// One call through this border computes a whole batch, so that its dispatch costs nothing.
package protocol BackboneConfiguration: Sendable {
    /// The family as people write it, such as `Qwen2.5-VL`.
    static var familyName: String { get }
    /// The value of `model_type` in `config.json`.
    static var modelType: String { get }
    /// Values of `architectures`, which name the family where `model_type` is missing.
    static var architectures: [String] { get }

    /// Reads a `config.json`; `file` is its name in errors.
    init(parsing data: Data, file: String) throws(ModelError)
    /// The bytes of a `config.json` that other implementations load.
    func fileData() throws -> Data

    /// The width of hidden states, which is the length of a vector.
    var vectorLength: Int { get }
    /// Rows of the embedding matrix, which has more than the tokenizer has tokens.
    var vocabularySize: Int { get set }
    /// The type that the weights are said to be stored as: `float32`, `bfloat16` or `float16`.
    var storageType: String { get set }
    /// Whether input and output embeddings are one matrix.
    var isTied: Bool { get set }
    /// Whether the file says if the embeddings are tied. Where it does not, a checkpoint without an
    /// output matrix is tied.
    var declaresTie: Bool { get }
    /// The layers of the language model.
    var textLayers: LayerSizes { get }
    /// The blocks of the vision tower.
    var visionLayers: LayerSizes { get }
    /// Sizes of language model and vision tower that `moca model info` lists, by name.
    var summary: (text: [String: Int], vision: [String: Int]) { get }

    /// How contents become the input of the model.
    var inputRules: any InputRules { get }
    /// What inputs of the model cost.
    var forwardCost: any ForwardCost { get }
    /// The keys of the model's parts in a checkpoint.
    var partKeys: PartKeys { get }

    /// Asks for the parameters of the model, without heads.
    func backbone(_ path: ParameterPath) -> any Backbone
}

/// Equal layers of a model, as far as estimates of memory need them.
package struct LayerSizes: Sendable, Hashable {
    package var layerCount: Int
    package var width: Int
    /// The width of the feed-forward part.
    package var intermediateSize: Int
    /// Numbers of one token or patch that a layer keeps for backward, the four tensors of its
    /// feed-forward part included.
    package var keptCount: Int
}

/// Beginnings of the keys of a model's parts, in the order in which a forward pass takes them.
package struct PartKeys: Sendable, Hashable {
    /// The whole vision tower.
    package var vision: String
    /// The parts of the vision tower before its blocks.
    package var visionInput: [String]
    /// The blocks of the vision tower; a number follows.
    package var visionLayers: String
    /// The parts between the blocks of the vision tower and the layers of the language model.
    package var textInput: [String]
    /// The layers of the language model; a number follows.
    package var textLayers: String
    /// The whole language model, embeddings included.
    package var text: String
}

/// Hidden states, and what a further layer on the same tokens needs.
package struct BackboneOutput {
    /// `[T, W]`, after the final norm.
    package let hidden: Tensor
    /// The family's own account of where the tokens are and whom they attend to.
    let context: any Sendable
}

/// A layer that computes on the hidden states of a backbone.
package typealias FurtherLayer = @Sendable (BackboneOutput, LayerMemory) -> Tensor

/// A model without heads: a packed batch to hidden states.
package protocol Backbone: Sendable {
    /// The facts of the model.
    var configuration: any BackboneConfiguration { get }
    /// What a training step says to layers and losses.
    var step: StepContext { get }
    /// What of the layers is computed again during backward instead of kept.
    var checkpointing: ActivationCheckpointing { get set }
    /// The embedding matrix `[rows, W]`, which a tied model also uses as its output.
    var embeddingWeight: Tensor { get }

    /// Hidden states of a packed batch.
    ///
    /// - Parameter observe: receives states on the way, by name.
    func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver?
    ) -> BackboneOutput

    /// Asks for one more layer of the shape of the language model's, which computes on its final
    /// hidden states.
    func furtherLayer(_ path: ParameterPath) -> FurtherLayer
}

extension Backbone {
    /// How layers keep what they compute.
    var memory: LayerMemory { LayerMemory(checkpointing, step) }

    /// Hidden states of a packed batch.
    package func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode
    ) -> BackboneOutput {
        self(input, attention: attention, observe: nil)
    }
}

/// Receives states on the way, by name, for comparison with other implementations.
package typealias StateObserver = (_ name: String, _ state: Tensor) -> Void
