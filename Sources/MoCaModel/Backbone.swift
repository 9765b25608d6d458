// The interface of a family of vision-language models for embedding, training and saving. A family
// is named only inside its own folder: programs request a configuration from `Families`, and the
// configuration creates everything else.
// Shapes: T packed tokens, W width.

package import Foundation
package import MoCaCore
package import NN
package import Torch

/// The configuration of one model, read from its `config.json`, of any family.
///
/// A family defines, in its folder below `Families`:
/// - its configuration, with the reader and the writer of `config.json`,
/// - its vision tower and its language model, which may pass images to the text in any way: as
///   tokens of the sequence, by cross-attention, or as crops,
/// - its `InputRules`: markers, the tokens of an image, positions,
/// - its `ForwardCost` and the sizes that memory estimates need,
/// - the keys of its modules in checkpoints.
///
/// `EncoderInput` is the packed input of all families. A family whose images are not tokens of the
/// sequence (Llama 3.2 Vision) has one token at the place of each, and computes from these places,
/// in its folder, what its layers of cross-attention need in addition.
///
/// One call through this interface computes a whole batch, so the cost of dispatch is negligible.
package protocol BackboneConfiguration: Sendable {
    /// The display name of the family, such as `Qwen2.5-VL`.
    static var familyName: String { get }
    /// The value of `model_type` in `config.json`.
    static var modelType: String { get }
    /// The values of `architectures`, which identify the family if `model_type` is missing.
    static var architectures: [String] { get }
    /// The names of tensors in checkpoints.
    static var keyRules: KeyRules { get }

    /// Reads a `config.json`; `file` is its name in errors.
    init(parsing data: Data, file: String) throws(ModelError)
    /// The bytes of a `config.json` that other implementations load.
    func fileData() throws -> Data

    /// The width of hidden states, which is the number of components of a vector.
    var vectorLength: Int { get }
    /// The number of rows of the embedding matrix, which exceeds the number of the tokenizer's
    /// tokens.
    var vocabularySize: Int { get set }
    /// The declared type of the stored weights: `float32`, `bfloat16` or `float16`.
    var storageType: String { get set }
    /// Whether input and output embeddings are one matrix.
    var isTied: Bool { get set }
    /// Whether the file says if the embeddings are tied. If it does not, a checkpoint without an
    /// output matrix is tied.
    var declaresTie: Bool { get }
    /// The layers of the language model.
    var textLayers: LayerSizes { get }
    /// The blocks of the vision tower.
    var visionLayers: LayerSizes { get }
    /// The sizes of language model and vision tower that `moca model info` lists, by name.
    var summary: (text: [String: Int], vision: [String: Int]) { get }

    /// Whether the heads of pre-training fit the model: each image token is a group of patches of
    /// its own.
    static var supportsReconstruction: Bool { get }
    /// The prefixes of canonical names of tensors that checkpoints have and hidden states do not
    /// need.
    var unusedKeys: [String] { get }

    /// The rules that turn contents into model input.
    var inputRules: any InputRules { get }
    /// The FLOPs of inputs of the model.
    var forwardCost: any ForwardCost { get }
    /// The keys of the model's modules in a checkpoint.
    var partKeys: PartKeys { get }

    /// Takes sizes that `config.json` does not state from the shapes of a checkpoint's tensors, by
    /// canonical name.
    mutating func complete(from shapes: [String: [Int]])

    /// Creates the model without heads, requesting its parameters from `path`.
    func backbone(_ path: ParameterPath) -> any Backbone
}

extension BackboneConfiguration {
    package static var supportsReconstruction: Bool { true }
    package var unusedKeys: [String] { [] }

    package mutating func complete(from shapes: [String: [Int]]) {}

    /// Checks that a model of this configuration can be trained or loaded for `purpose`.
    ///
    /// - Parameter folder: the model's folder, for errors.
    /// - Throws: `ModelError.noReconstruction`.
    package func requireSupport(
        of purpose: CheckpointRules.Purpose, folder: URL
    ) throws(ModelError) {
        guard purpose == .pretraining, !Self.supportsReconstruction else { return }
        throw .noReconstruction(folder: folder.path, family: Self.familyName)
    }

    /// The name under which the tensor of a canonical name is written.
    package func writtenKey(_ canonical: String) -> String {
        Self.keyRules.written(canonical)
    }
}

/// The sizes of a stack of equal layers, as memory estimates need them.
package struct LayerSizes: Sendable, Hashable {
    package var layerCount: Int
    package var width: Int
    /// The width of the feed-forward layer.
    package var intermediateSize: Int
    /// The number of values per token or patch that a layer keeps for backward, including the four
    /// tensors of its feed-forward layer.
    package var keptCount: Int
}

/// The key prefixes of a model's modules, in the order of a forward pass.
package struct PartKeys: Sendable, Hashable {
    /// The prefix of the whole vision tower.
    package var vision: String
    /// The prefixes of the modules before the blocks of the vision tower.
    package var visionInput: [String]
    /// The prefix of the blocks of the vision tower, followed by an index.
    package var visionLayers: String
    /// The prefixes of the modules between vision blocks and language model layers.
    package var textInput: [String]
    /// The prefix of the layers of the language model, followed by an index.
    package var textLayers: String
    /// The prefix of the whole language model, including embeddings.
    package var text: String
}

/// Hidden states, and the context that a further layer on the same tokens needs.
package struct BackboneOutput {
    /// The hidden states `[T, W]`, after the final norm.
    package let hidden: Tensor
    /// The family's own description of token positions and attention.
    let context: any Sendable
}

/// A layer that computes on the hidden states of a backbone.
package typealias FurtherLayer = @Sendable (BackboneOutput, RecomputePolicy) -> Tensor

/// A model without heads, which maps a packed batch to hidden states.
package protocol Backbone: Sendable {
    /// The configuration of the model.
    var configuration: any BackboneConfiguration { get }
    /// The state of the training step that layers and losses read.
    var step: StepContext { get }
    /// The activations that are recomputed during backward instead of kept.
    var checkpointing: ActivationCheckpointing { get set }
    /// The embedding matrix `[rows, W]`, which a tied model also uses as its output.
    var embeddingWeight: Tensor { get }

    /// Computes the hidden states of a packed batch.
    ///
    /// - Parameter observe: receives intermediate states by name.
    func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver?
    ) -> BackboneOutput

    /// Creates another layer of the shape of the language model's, which computes on its final
    /// hidden states.
    func furtherLayer(_ path: ParameterPath) -> FurtherLayer
}

extension Backbone {
    /// The policy by which layers keep activations.
    var memory: RecomputePolicy { RecomputePolicy(checkpointing, step) }

    /// Computes the hidden states of a packed batch.
    package func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode
    ) -> BackboneOutput {
        self(input, attention: attention, observe: nil)
    }
}

/// Receives intermediate states by name, for comparison with other implementations.
package typealias StateObserver = (_ name: String, _ state: Tensor) -> Void
