// Content to vectors: the API that most users need.

public import Foundation
public import MoCaCore
import MoCaImage
package import MoCaModel
package import MoCaProcessing
import Torch

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
    let collator: Collator
    package let batchTokens: Int
    let thread: ModelThread

    /// Loads a folder in Hugging Face layout.
    ///
    /// - Throws: a `UserFacingError` that names the file and the fix.
    public init(loading folder: URL, options: EmbedderOptions = EmbedderOptions()) async throws {
        try options.checkRanges()
        let thread = ModelThread()
        if let threads = options.threads { LibTorch.setThreadCount(threads) }
        let loadOptions = LoadOptions(
            dtype: options.dtype, device: options.device,
            adapter: options.adapter.map { .stored($0) })
        let (backbone, contract) = try await thread.run {
            let model = try catchingTorchErrors {
                try PretrainedModel(loading: folder, loadOptions)
            }
            return (model.backbone, try Self.contract(in: folder, model.configuration))
        }
        let configuration = backbone.configuration
        let images = try ImageProcessorConfiguration(folder: folder)
        settings = try EmbedderSettings(
            options, contract, vectorLength: configuration.vectorLength,
            processorBudget: images.budget)
        processor = try Processor(
            folder: folder, configuration: configuration, budget: settings.budget,
            truncation: settings.truncation)
        model = EmbeddingModel(backbone, settings.pooling)
        collator = Collator(configuration, processor.images.configuration)
        (self.folder, self.thread, self.contract) = (folder, thread, contract)
        batchTokens = options.resolvedBatchTokens
    }

    /// An embedder of a model that is being trained: each call computes with the weights as they
    /// are then, and nobody may change them meanwhile.
    ///
    /// - Parameter folder: the run's.
    /// - Throws: `EmbeddingError.badOption`, `ProcessingError.badPrompt`.
    package init(
        training trained: EmbeddingModel, processor: Processor, contract: EmbeddingContract,
        folder: URL
    ) throws {
        var options = EmbedderOptions()
        options.device = trained.backbone.embeddingWeight.device
        settings = try EmbedderSettings(
            options, contract, vectorLength: trained.backbone.configuration.vectorLength,
            processorBudget: processor.images.configuration.budget)
        model = EmbeddingModel(trained.backbone, settings.pooling)
        collator = Collator(trained.backbone.configuration, processor.images.configuration)
        (self.folder, self.processor, self.contract) = (folder, processor, contract)
        thread = ModelThread()
        batchTokens = options.resolvedBatchTokens
    }

    /// The length of a vector.
    public var vectorLength: Int { model.vectorLength }

    /// The roles that the model has a prompt for.
    public var roles: [Role] {
        settings.prompts.keys.sorted { $0.rawValue < $1.rawValue }
    }

    /// The role, where the model has a prompt for it: a role without one is embedded as none.
    package func known(_ role: Role) -> Role? { settings.prompts[role] == nil ? nil : role }

    /// One vector for each content, in their order. `role` chooses the prompt around each content;
    /// nil adds none.
    ///
    /// - Throws: `EmbeddingError.badInput` for the first content that cannot be embedded.
    public func embed(_ contents: [Content], as role: Role? = nil) async throws -> [Embedding] {
        let outlines = try await outlines(of: contents, as: role)
        var statistics = EmbeddingStatistics()
        let results = try await embed(
            outlines, statistics: &statistics, progress: { _ in })
        return try results.enumerated().map { number, result in
            do {
                return try result.get()
            } catch let error as any UserFacingError {
                throw EmbeddingError.badInput(number: number, error)
            }
        }
    }

    /// The tokens of each content, or why it has none.
    ///
    /// - Throws: `ProcessingError.unknownRole`.
    package func outlines(
        of contents: [Content], as role: Role?
    ) async throws -> [Result<InputOutline, any Error>] {
        let prompt = try prompt(of: role)
        return await concurrentMap(contents) { content in
            Result { try self.processor.outline(prompt?(content) ?? content) }
        }
    }

    private func prompt(of role: Role?) throws -> PromptTemplate? {
        guard let role else { return nil }
        if let prompt = settings.prompts[role] { return prompt }
        // A model without any prompts embeds the usual roles alike; others are misspelt.
        let usual: [Role] = [.query, .document, .documentImage]
        guard settings.prompts.isEmpty, usual.contains(role) else {
            throw ProcessingError.unknownRole(
                role: role.rawValue, known: roles.map(\.rawValue))
        }
        return nil
    }

    private static func contract(
        in folder: URL, _ configuration: any BackboneConfiguration
    ) throws -> EmbeddingContract {
        try EmbeddingContract(of: folder, vectorLength: configuration.vectorLength)
            ?? EmbeddingContract()
    }
}

/// Where the time and the tokens of a run went.
package struct EmbeddingStatistics: Sendable, Hashable {
    package var items = 0
    package var textTokens = 0
    package var imageTokens = 0
    /// Seconds in which the model waited for images.
    package var preprocessSeconds = 0.0
    package var computeSeconds = 0.0

    package init() {}
}

extension Embedder {
    /// The vectors of outlines, in their order; a failed outline, or one whose images cannot be
    /// decoded, keeps its error.
    ///
    /// Batches are filled to the token budget with inputs of like length; images of the next batch
    /// are decoded while the model computes.
    ///
    /// - Parameter progress: told how many more inputs are done.
    package func embed(
        _ outlines: [Result<InputOutline, any Error>], statistics: inout EmbeddingStatistics,
        progress: @Sendable (Int) -> Void
    ) async throws -> [Result<Embedding, any Error>] {
        var results = outlines.map { outline in
            outline.flatMap { _ in Result<Embedding, any Error>.success(Embedding([])) }
        }
        let batches = batches(of: outlines)
        var ahead = batches.first.map { prepare($0, outlines) }
        for (number, indices) in batches.enumerated() {
            let clock = ContinuousClock()
            let start = clock.now
            guard let prepared = await ahead?.value else { break }
            ahead = number + 1 < batches.count ? prepare(batches[number + 1], outlines) : nil
            let ready = clock.now
            let done = try await compute(prepared)
            statistics.preprocessSeconds += (ready - start).seconds
            statistics.computeSeconds += (clock.now - ready).seconds
            for (index, result) in zip(indices, done) { results[index] = result }
            statistics.count(indices.compactMap { outlines[$0].success })
            progress(indices.count)
        }
        return results
    }

    /// Numbers of the usable outlines, sorted by length and cut by the token budget.
    private func batches(of outlines: [Result<InputOutline, any Error>]) -> [[Int]] {
        let lengths = outlines.map { $0.success?.ids.count ?? 0 }
        let order = outlines.indices.filter { lengths[$0] > 0 }
            .sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        var (batches, tokens) = ([[Int]](), 0)
        for index in order {
            if batches.isEmpty || tokens + lengths[index] > batchTokens {
                batches.append([])
                tokens = 0
            }
            batches[batches.count - 1].append(index)
            tokens += lengths[index]
        }
        return batches
    }

    /// One input with its patches, or why it has none.
    private typealias Prepared = Result<(outline: InputOutline, patches: [ImagePatches]), any Error>

    private func prepare(
        _ indices: [Int], _ outlines: [Result<InputOutline, any Error>]
    ) -> Task<[Prepared], Never> {
        let chosen = indices.map { outlines[$0] }
        return Task {
            await concurrentMap(chosen) { outline in
                Result {
                    let outline = try outline.get()
                    return (outline, try self.processor.patches(of: outline))
                }
            }
        }
    }

    private func compute(_ prepared: [Prepared]) async throws -> [Result<Embedding, any Error>] {
        let usable = prepared.compactMap(\.success)
        guard !usable.isEmpty else { return prepared.map { $0.map { _ in Embedding([]) } } }
        let (model, collator) = (model, collator)
        let vectors = try await thread.run {
            try catchingTorchErrors {
                let batch = try collator.pack(usable.map(\.outline), patches: usable.map(\.patches))
                let rows: [Float] = withoutGradient { model(batch.input).array() }
                let width = model.vectorLength
                return batch.places.map { Array(rows[$0 * width..<($0 + 1) * width]) }
            }
        }
        var next = vectors.makeIterator()
        return prepared.map { result in
            result.flatMap { _ in
                let vector = next.next() ?? []
                return vector.allSatisfy(\.isFinite)
                    ? .success(Embedding(vector)) : .failure(EmbeddingError.notFinite)
            }
        }
    }
}

extension EmbeddingStatistics {
    fileprivate mutating func count(_ outlines: [InputOutline]) {
        items += outlines.count
        for outline in outlines {
            imageTokens += outline.imageTokenCount
            textTokens += outline.ids.count - outline.imageTokenCount
        }
    }
}

extension Result {
    /// The value; nil of a failure.
    fileprivate var success: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}

/// `transform` of every element, several at a time, in their order.
package func concurrentMap<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) -> Result
) async -> [Result] {
    let parts = min(elements.count, ProcessInfo.processInfo.activeProcessorCount)
    guard parts > 1 else { return elements.map(transform) }
    return await withTaskGroup(of: [(Int, Result)].self) { group in
        for part in 0..<parts {
            group.addTask {
                stride(from: part, to: elements.count, by: parts).map {
                    ($0, transform(elements[$0]))
                }
            }
        }
        var results = [Result?](repeating: nil, count: elements.count)
        for await part in group {
            for (index, result) in part { results[index] = result }
        }
        return results.compactMap { $0 }
    }
}
