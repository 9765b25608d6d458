// Content to vectors: the API that most users need.

public import Foundation
public import MoCaCore
import MoCaImage
package import MoCaModel
package import MoCaProcessing
import MoCaSystem
package import Torch

/// A loaded model that embeds text, images and any mix of them.
///
///     let embedder = try await Embedder(loading: folder)
///     let vectors = try await embedder.embed([.text("a red bus"), .image(photo)], as: .query)
///     print(vectors[0].similarity(to: vectors[1]))
public final class Embedder: Sendable {
    package let folder: URL
    package let processor: Processor
    package let model: EmbeddingModel
    package let contract: EmbeddingContract
    package let settings: EmbedderSettings
    let pipeline: EmbeddingPipeline

    /// Loads a folder in Hugging Face layout.
    ///
    /// - Throws: a `UserFacingError` that names the file and the fix.
    public init(loading folder: URL, options: EmbedderOptions = EmbedderOptions()) async throws {
        try options.checkRanges()
        let modelActor = ModelActor()
        if let threads = options.threads { LibTorch.setThreadCount(threads) }
        let files = try EmbedderFiles(of: folder)
        settings = try EmbedderSettings(
            options, files.contract, files.rules, vectorLength: files.vectorLength,
            processor: ImageProcessorConfiguration(folder: folder))
        model = try await Self.load(folder, options, settings, on: modelActor)
        contract = files.contract
        let configuration = model.backbone.configuration
        processor = try Processor(
            folder: folder, configuration: configuration, budget: settings.budget,
            orientation: settings.orientation, truncation: settings.truncation,
            embedder: settings.rules)
        pipeline = EmbeddingPipeline(
            model: model, processor: processor,
            collator: Collator(
                configuration, processor.images.configuration,
                positions: settings.rules.positions),
            batcher: TokenBudgetBatcher(tokenCountMax: options.resolvedBatchTokens),
            modelActor: modelActor)
        self.folder = folder
    }

    private static func load(
        _ folder: URL, _ options: EmbedderOptions, _ settings: EmbedderSettings,
        on modelActor: ModelActor
    ) async throws -> EmbeddingModel {
        let loadOptions = LoadOptions(
            dtype: options.dtype, device: options.device,
            adapter: options.adapter.map { .stored($0) },
            hasTokenProjection: settings.rules.isMultiVector)
        return try await modelActor.run {
            let model = try catchingTorchErrors {
                try PretrainedModel(loading: folder, loadOptions)
            }
            return EmbeddingModel(
                model.backbone, settings.pooling,
                head: model.tokenProjection.map { EmbeddingHead.multiVector($0) } ?? .pooled)
        }
    }

    /// Creates an embedder of a model in training: each call computes with the current weights.
    ///
    /// - Parameters:
    ///   - folder: the run folder.
    ///   - modelActor: the actor that trains the model, so that no step changes the weights while a
    ///     batch is computed.
    /// - Throws: `EmbeddingError.badOption`, `ProcessingError.badPrompt`.
    package init(
        training trained: EmbeddingModel, processor: Processor, contract: EmbeddingContract,
        folder: URL, on modelActor: ModelActor
    ) throws {
        var options = EmbedderOptions()
        options.device = trained.backbone.embeddingWeight.device
        var rules = EmbedderRules.moca
        try rules.apply(contract)
        settings = try EmbedderSettings(
            options, contract, rules, vectorLength: trained.backbone.configuration.vectorLength,
            processor: processor.images.configuration)
        model = EmbeddingModel(trained.backbone, settings.pooling)
        pipeline = EmbeddingPipeline(
            model: model, processor: processor,
            collator: Collator(
                trained.backbone.configuration, processor.images.configuration),
            batcher: TokenBudgetBatcher(tokenCountMax: options.resolvedBatchTokens),
            modelActor: modelActor)
        self.folder = folder
        self.processor = processor
        self.contract = contract
    }

    /// The number of components of a vector.
    public var vectorLength: Int { model.vectorLength }

    /// The type of the weights.
    package var dtype: DType { model.backbone.embeddingWeight.dtype }

    /// The number of parameters that an embedding depends on.
    package var parameterCount: Int {
        PretrainedModel.parameterCount(model.backbone.configuration, purpose: .embedding)
    }

    /// The token budget of a batch.
    package var batchTokens: Int { pipeline.batcher.tokenCountMax }

    /// The roles that the model has a prompt for.
    public var roles: [Role] {
        settings.rules.prompt.roles.sorted { $0.rawValue < $1.rawValue }
    }

    /// Whether an embedding has a vector for each token (late interaction).
    public var isMultiVector: Bool { model.isMultiVector }

    /// Whether the rules of the embedder have a prompt for images in any role.
    package var hasImagePrompt: Bool { settings.rules.prompt.hasImagePrompt }

    /// Whether a content with an image must be that image alone.
    package var takesPagesOnly: Bool { settings.rules.prompt.takesPagesOnly }

    /// Checks that the embedder takes an instruction.
    ///
    /// - Throws: `EmbeddingError.noInstruction`.
    package func requireInstruction() throws {
        try settings.rules.requireInstruction()
    }

    /// Checks that an embedding is one vector, as `use` needs.
    ///
    /// - Throws: `EmbeddingError.multiVector`.
    package func requireOneVector(for use: String) throws {
        if isMultiVector { throw EmbeddingError.multiVector(use: use) }
    }

    /// The role, or nil if the model has no prompt for it.
    package func known(_ role: Role) -> Role? {
        settings.rules.prompt.roles.contains(role) ? role : nil
    }

    /// A content in a role, or without one if the model has no prompt for the role.
    package func prompted(_ content: Content, as role: Role) -> PromptedContent {
        PromptedContent(content: content, role: known(role))
    }

    /// Embeds contents, in their order. `role` selects the prompt around each content; nil adds
    /// none.
    ///
    /// - Throws: `EmbeddingError.badInput` for the first content that cannot be embedded.
    public func embed(_ contents: [Content], as role: Role? = nil) async throws -> [Embedding] {
        try await embedAll(contents.map { PromptedContent(content: $0, role: role) })
    }

    /// Embeds inputs, in their order.
    ///
    /// - Throws: `EmbeddingError.badInput` for the first input that cannot be embedded.
    package func embedAll(_ inputs: [PromptedContent]) async throws -> [Embedding] {
        try await embed(inputs).enumerated().map { number, result in
            do {
                return try result.get()
            } catch let error as any UserFacingError {
                throw EmbeddingError.badInput(number: number, error)
            }
        }
    }

    /// Embeds inputs, in their order; an input that cannot be embedded keeps its error.
    ///
    /// Inputs of one role are embedded together, roles in order of first appearance: the batches,
    /// and therefore the bits of the vectors, depend only on `inputs`.
    ///
    /// - Parameter progress: called after each batch with its number of inputs; an error that it
    ///   throws ends the call.
    /// - Throws: `ProcessingError.unknownRole`, `TorchError`, errors of `progress`.
    package func embed(
        _ inputs: [PromptedContent], progress: @Sendable (Int) throws -> Void = { _ in }
    ) async throws -> [Result<Embedding, any Error>] {
        var roles: [Role?] = []
        for input in inputs where !roles.contains(input.role) { roles.append(input.role) }
        var results = [Result<Embedding, any Error>](
            repeating: .success(Embedding([])), count: inputs.count)
        for role in roles {
            let indices = inputs.indices.filter { inputs[$0].role == role }
            let outlines = try await outlines(of: indices.map { inputs[$0].content }, as: role)
            var statistics = EmbeddingStatistics()
            let found = try await embed(outlines, statistics: &statistics, progress: progress)
            for (index, result) in zip(indices, found) { results[index] = result }
        }
        return results
    }

    /// The outline of each content, or the error of reading it.
    ///
    /// - Throws: `ProcessingError.unknownRole`.
    package func outlines(
        of contents: [Content], as role: Role?
    ) async throws -> [Result<InputOutline, any Error>] {
        try checkRole(role)
        let prompt = settings.rules.prompt
        return await parallelMap(contents) { content in
            Result { try self.processor.outline(prompt(content, as: role)) }
        }
    }

    /// Embeds outlines, in their order; a failed outline, or one whose images cannot be decoded,
    /// keeps its error.
    ///
    /// Batches are filled to the token budget with inputs of similar length; images of the next
    /// batch are decoded while the model computes.
    ///
    /// - Parameter progress: called after each batch with its number of inputs; an error that it
    ///   throws ends the call.
    /// - Throws: `TorchError`, errors of `progress`.
    package func embed(
        _ outlines: [Result<InputOutline, any Error>], statistics: inout EmbeddingStatistics,
        progress: @Sendable (Int) throws -> Void
    ) async throws -> [Result<Embedding, any Error>] {
        try await pipeline.embed(outlines, statistics: &statistics, progress: progress)
    }

    /// - Throws: `ProcessingError.unknownRole`.
    private func checkRole(_ role: Role?) throws {
        guard let role, known(role) == nil else { return }
        // A model without prompts embeds the usual roles alike; other names are misspelt.
        let usual: [Role] = [.query, .document, .documentImage]
        guard settings.rules.prompt.templates.isEmpty, usual.contains(role) else {
            throw ProcessingError.unknownRole(
                role: role.rawValue, known: roles.map(\.rawValue))
        }
    }
}
