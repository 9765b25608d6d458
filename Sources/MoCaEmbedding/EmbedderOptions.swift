// What a user may set about an embedder, and what the model's files say where nothing is set.

public import Foundation
public import MoCaCore
package import MoCaModel
package import MoCaProcessing
public import Torch

/// Settings of an embedder. One that is nil comes from the model's contract (`moca.json`), else
/// from its other files, else: bidirectional, mean, normalised.
public struct EmbedderOptions: Sendable, Hashable {
    /// Where to compute.
    public var device: Device = .cpu
    /// The type of weights and states; nil chooses what the device computes best.
    public var dtype: DType?
    /// Threads that operators use; nil leaves libtorch's choice.
    public var threads: Int?
    /// Which tokens a token attends to.
    public var attention: AttentionMode?
    /// How hidden states become a vector.
    public var pooling: PoolingMode?
    /// Pixels of an image after resizing, at least.
    public var minPixels: Int?
    /// Pixels of an image after resizing, at most.
    public var maxPixels: Int?
    /// Tokens of an input, at most; nil truncates nothing.
    public var maxLength: Int?
    /// What happens to a longer input.
    public var truncation: TruncationPolicy?
    /// Tokens that go through the model together; nil chooses what suits the device.
    public var batchTokens: Int?
    /// Keeps the first numbers of each vector (Matryoshka), normalised again.
    public var dimensions: Int?
    /// Whether vectors get unit length.
    public var isNormalized: Bool?
    /// A folder with an adapter in PEFT's layout, which is merged into the model's weights.
    public var adapter: URL?

    /// The model's own settings, on the processor.
    public init() {}

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

    /// Tokens that go through the model together. On a CPU more than fit its caches cost a tenth of
    /// the speed; other devices want many at once.
    package var resolvedBatchTokens: Int { batchTokens ?? (device.kind == .cpu ? 1024 : 16_384) }
}

/// The resolved settings: from the options, else the contract, else the model's files.
package struct EmbedderSettings: Sendable {
    package let pooling: PoolingSettings
    package let budget: PixelBudget?
    package let truncation: Truncation?
    package let prompts: [Role: PromptTemplate]

    /// - Parameter processorBudget: the limits of the model's image processor.
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
