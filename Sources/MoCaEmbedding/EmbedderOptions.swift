// What a user may set about an embedder, and what the model's files say where nothing is set.

public import MoCaCore
import MoCaModel
import MoCaProcessing
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
    /// Tokens that go through the model together.
    public var batchTokens = 4096
    /// Keeps the first numbers of each vector (Matryoshka), normalised again.
    public var dimensions: Int?
    /// Whether vectors get unit length.
    public var isNormalized: Bool?

    /// The model's own settings, on the processor.
    public init() {}
}

/// What is decided after all sources were asked.
struct EmbedderSettings: Sendable {
    let pooling: PoolingSettings
    let budget: PixelBudget?
    let truncation: Truncation?
    let prompts: [Role: PromptTemplate]

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
