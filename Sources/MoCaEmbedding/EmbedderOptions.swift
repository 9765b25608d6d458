// The options of an embedder, and their defaults from the model's files.

public import Foundation
public import MoCaCore
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
    package let truncation: Truncation?
    package let prompts: [Role: PromptTemplate]

    /// - Parameter processorBudget: the pixel limits of the model's image processor.
    /// - Throws: `EmbeddingError.badOption`, `ProcessingError.badPrompt`.
    init(
        _ options: EmbedderOptions, _ contract: EmbeddingContract, vectorLength: Int,
        processorBudget: PixelBudget
    ) throws {
        let dimensions = options.dimensions
        if let dimensions, !(1...vectorLength).contains(dimensions) {
            throw EmbeddingError.badOption(
                name: "dimensions", value: dimensions, allowed: "1 to \(vectorLength)")
        }
        pooling = PoolingSettings(
            attention: options.attention ?? contract.attention ?? .bidirectional,
            pooling: options.pooling ?? contract.pooling ?? .mean,
            isNormalized: options.isNormalized ?? contract.normalize ?? true,
            dimensions: dimensions == vectorLength ? nil : dimensions)
        budget = PixelBudget(
            minPixels: options.minPixels ?? contract.minPixels ?? processorBudget.minPixels,
            maxPixels: options.maxPixels ?? contract.maxPixels ?? processorBudget.maxPixels)
        if let budget, budget.minPixels < 1 || budget.maxPixels < budget.minPixels {
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
        var prompts: [Role: PromptTemplate] = [:]
        for (role, template) in contract.prompts {
            prompts[role] = try PromptTemplate(template, role: role)
        }
        self.prompts = prompts
    }
}
