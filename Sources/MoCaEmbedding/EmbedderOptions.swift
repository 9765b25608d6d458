// The options of an embedder, and their defaults from the model's files.

public import Foundation
public import MoCaCore
import MoCaImage
package import MoCaModel
package import MoCaProcessing
public import Torch

/// Settings of an embedder. A nil setting is read from the model's contract (`moca.json`), else
/// from its other files; the final defaults are bidirectional attention, mean pooling and
/// normalised vectors.
public struct EmbedderOptions: Sendable, Hashable {
    /// The device to compute on.
    public var device: Device = .cpu
    /// The type of weights and states; nil selects the fastest type of the device.
    public var dtype: DType?
    /// The number of threads that operators use; nil keeps libtorch's choice.
    public var threads: Int?
    /// Which tokens a token attends to.
    public var attention: AttentionMode?
    /// How hidden states are pooled into a vector.
    public var pooling: PoolingMode?
    /// The minimum number of pixels of an image after resizing.
    public var minPixels: Int?
    /// The maximum number of pixels of an image after resizing.
    public var maxPixels: Int?
    /// Which orientation tags of image files are applied; the final default is TIFF's only.
    public var orientation: OrientationPolicy?
    /// The maximum number of tokens of an input; nil truncates nothing.
    public var maxLength: Int?
    /// What happens to an input longer than `maxLength`.
    public var truncation: TruncationPolicy?
    /// The token budget of a batch; nil selects one that suits the device.
    public var batchTokens: Int?
    /// The number of leading components to keep (Matryoshka) before normalising; nil keeps all.
    public var dimensions: Int?
    /// Whether vectors are normalised to unit length.
    public var isNormalized: Bool?
    /// What inputs without an instruction are embedded for, if the embedder takes an instruction;
    /// nil or blank keeps the embedder's own.
    public var instruction: String?
    /// A folder with an adapter in PEFT's layout, which is merged into the weights.
    public var adapter: URL?

    /// Creates options that keep the model's own settings, on the CPU.
    public init() {}

    /// Checks that the options are in range.
    ///
    /// - Throws: `EmbeddingError.badOption`.
    func checkRanges() throws {
        let pixelsMax = 1 << 40
        let ranges: [(String, Int?, ClosedRange<Int>)] = [
            ("batch-tokens", batchTokens, 1...1 << 24),
            ("threads", threads, 1...LibTorch.threadCountMax),
            ("min-pixels", minPixels, 1...pixelsMax), ("max-pixels", maxPixels, 1...pixelsMax),
        ]
        for (name, value, range) in ranges {
            guard let value, !range.contains(value) else { continue }
            throw EmbeddingError.badOption(
                name: name, value: value, allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// The token budget of a batch. On a CPU, more than fits its caches costs a tenth of the speed;
    /// other devices need large batches.
    package var resolvedBatchTokens: Int { batchTokens ?? (device.kind == .cpu ? 1024 : 16_384) }
}

/// The resolved settings: from the options, else the contract, else the model's files.
package struct EmbedderSettings: Sendable {
    package let pooling: PoolingSettings
    package let budget: PixelBudget?
    package let orientation: OrientationPolicy
    package let truncation: Truncation?
    /// The rules of the embedder, with those of the contract.
    package let rules: EmbedderRules

    /// - Parameter processor: the settings of the model's image processor.
    /// - Throws: `EmbeddingError.badOption`, `.noInstruction`, `.noPooling`.
    init(
        _ options: EmbedderOptions, _ contract: EmbeddingContract, _ rules: EmbedderRules,
        vectorLength: Int, processor: ImageProcessorConfiguration
    ) throws {
        var rules = rules
        if let instruction = options.instruction, !instruction.allSatisfy(\.isWhitespace) {
            try rules.requireInstruction()
            rules.prompt.setInstruction(instruction)
        }
        guard !rules.isMultiVector || options.pooling == nil else {
            throw EmbeddingError.noPooling(embedder: rules.name)
        }
        self.rules = rules
        let dimensions = options.dimensions
        if let dimensions, !(1...vectorLength).contains(dimensions) {
            throw EmbeddingError.badOption(
                name: "dimensions", value: dimensions, allowed: "1 to \(vectorLength)")
        }
        pooling = PoolingSettings(
            attention: options.attention ?? rules.attention,
            pooling: options.pooling ?? rules.pooling,
            isNormalized: options.isNormalized ?? contract.normalize ?? true,
            dimensions: dimensions == vectorLength ? nil : dimensions)
        let standard =
            rules.budget(tokenSide: processor.patchSize * processor.mergeSize) ?? processor.budget
        budget = PixelBudget(
            minPixels: options.minPixels ?? contract.minPixels ?? standard.minPixels,
            maxPixels: options.maxPixels ?? contract.maxPixels ?? standard.maxPixels)
        orientation = options.orientation ?? contract.orientation ?? .ignore
        if let budget, budget.minPixels < 1 || budget.maxPixels < budget.minPixels {
            guard options.minPixels != nil || options.maxPixels == nil else {
                throw EmbeddingError.badOption(
                    name: "max-pixels", value: budget.maxPixels,
                    allowed: "at least the model's min-pixels (\(budget.minPixels))")
            }
            throw EmbeddingError.badOption(
                name: "min-pixels", value: budget.minPixels,
                allowed: "1 to max-pixels (\(budget.maxPixels))")
        }
        let maxLength = options.maxLength ?? contract.maxLength
        if let maxLength, maxLength < 1 {
            throw EmbeddingError.badOption(
                name: "max-length", value: maxLength, allowed: "at least 1")
        }
        truncation = maxLength.map {
            Truncation(
                maxLength: $0, policy: options.truncation ?? contract.truncation ?? .end)
        }
    }
}

extension EmbedderRules {
    /// Checks that the prompts have a place for an instruction.
    ///
    /// - Throws: `EmbeddingError.noInstruction`.
    func requireInstruction() throws(EmbeddingError) {
        guard prompt.takesInstruction else { throw .noInstruction(embedder: name) }
    }
}
