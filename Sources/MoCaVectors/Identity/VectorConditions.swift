// Everything besides the input that may affect the bits of a vector.

package import Foundation
package import MoCaCore
package import MoCaEmbedding
import MoCaModel
import MoCaProcessing
import MoCaSettings
import MoCaSystem
import Torch

/// The conditions under which vectors were computed. Vectors with equal conditions, inputs and
/// windows are bitwise equal; cached vectors are used only under equal conditions.
package struct VectorConditions: Sendable, Hashable, Codable {
    /// The version of this program.
    package var program = ProgramVersion.current
    /// The version of libtorch.
    package var libtorch = LibTorch.version
    /// The device, such as `cuda:0`.
    package var device: String
    /// The vendor's name of the device, by which kernels are chosen.
    package var deviceModel: String?
    /// The resolved dtype of weights and activations.
    package var dtype: String
    /// The number of operator threads, among which sums are split.
    package var threads: Int
    /// The maximum number of tokens in a forward pass.
    package var batchTokens: Int
    package var attention: AttentionMode
    package var pooling: PoolingMode
    package var isNormalized: Bool
    /// The number of components of a vector.
    package var dimensions: Int
    package var minPixels: Int?
    package var maxPixels: Int?
    /// Which orientation tags of image files are applied; nil for TIFF's only.
    package var orientation: OrientationPolicy?
    /// The maximum input length in tokens; nil without truncation.
    package var maxLength: Int?
    package var truncation: TruncationPolicy?
    /// The rules of the embedder, if they are not MoCa's, with its instruction.
    package var embedder: String?
    /// The version of the layout in which an input's several vectors are stored; nil for embedders
    /// with one vector for each input.
    package var tokenVectors: Int?
    /// The templates by role.
    package var prompts: [String: String]
    /// The fingerprint of the model: its files, with the weights' bytes.
    package var model: String

    private enum CodingKeys: String, CodingKey {
        case program, libtorch, device, dtype, threads, attention, pooling, dimensions, truncation
        case orientation, prompts, model, embedder
        case deviceModel = "device_model"
        case batchTokens = "batch_tokens"
        case isNormalized = "normalize"
        case minPixels = "min_pixels"
        case maxPixels = "max_pixels"
        case maxLength = "max_length"
        case tokenVectors = "token_vectors"
    }

    /// The present version of the layout of several vectors: `VectorStore` with `lengths.bin`.
    static let tokenVectorsFormat = 1

    /// The conditions as JSON with sorted keys.
    ///
    /// - Throws: an error of the encoder.
    package func json() throws -> Data {
        try JSONFormat.indented.data(self)
    }

    /// The fingerprint of the conditions: 32 hexadecimal digits.
    ///
    /// - Throws: an error of the encoder.
    package func fingerprint() throws -> String {
        ContentID(of: try json()).text
    }

    /// A digest of roles and templates: 32 hexadecimal digits.
    package var promptsDigest: String {
        var hasher = ContentHasher()
        for (role, template) in prompts.sorted(by: { $0.key < $1.key }) {
            hasher.add(role)
            hasher.add(template)
        }
        return hasher.id.text
    }
}

extension VectorConditions {
    /// The names of the conditions that differ from `other`, except those that only change
    /// rounding: versions, threads, batch size, and the index of the device among those of its
    /// type.
    package func differences(from other: VectorConditions) -> [String] {
        func deviceType(_ device: String) -> Substring { device.prefix { $0 != ":" } }
        let pairs = [
            ("model", model == other.model), ("dtype", dtype == other.dtype),
            ("device", deviceType(device) == deviceType(other.device)),
            ("attention", attention == other.attention), ("pooling", pooling == other.pooling),
            ("min-pixels", minPixels == other.minPixels),
            ("max-pixels", maxPixels == other.maxPixels),
            ("orient", orientation == other.orientation),
            ("max-length", maxLength == other.maxLength),
            ("truncation", truncation == other.truncation),
            ("dimensions", dimensions == other.dimensions),
            ("normalize", isNormalized == other.isNormalized),
            ("embedder", embedder == other.embedder),
            ("prompts", prompts == other.prompts),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }

    /// The names of the conditions that differ from `other` and only change rounding.
    func roundingDifferences(from other: VectorConditions) -> [String] {
        let pairs = [
            ("program", program == other.program), ("libtorch", libtorch == other.libtorch),
            ("device model", deviceModel == other.deviceModel),
            ("threads", threads == other.threads),
            ("batch-tokens", batchTokens == other.batchTokens),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }
}

extension Embedder {
    /// The conditions under which this embedder computes vectors.
    ///
    /// - Parameter model: the model's fingerprint, or another key of its weights.
    package func conditions(model fingerprint: String) -> VectorConditions {
        let weights = model.backbone.embeddingWeight
        return VectorConditions(
            device: weights.device.description, deviceModel: weights.device.modelName,
            dtype: weights.dtype.rawValue, threads: LibTorch.threadCount,
            batchTokens: batchTokens, attention: settings.pooling.attention,
            pooling: settings.pooling.pooling, isNormalized: settings.pooling.isNormalized,
            dimensions: vectorLength, minPixels: settings.budget?.minPixels,
            maxPixels: settings.budget?.maxPixels,
            orientation: settings.orientation == .ignore ? nil : settings.orientation,
            maxLength: settings.truncation?.maxLength,
            truncation: settings.truncation?.policy,
            embedder: settings.rules.identity,
            tokenVectors: isMultiVector ? VectorConditions.tokenVectorsFormat : nil,
            prompts: Dictionary(
                uniqueKeysWithValues: contract.prompts.map { ($0.key.rawValue, $0.value) }),
            model: fingerprint)
    }
}
