// The rules by which an embedder turns contents into vectors. Several embedders share a backbone
// and differ in prompts, positions, pooling and the preparation of images.

package import MoCaCore
package import MoCaImage
package import MoCaModel

/// The rules of one embedder. The presets in this folder are those of published embedders; a
/// model's `moca.json` may override each rule.
package struct EmbedderRules: Sendable, Hashable {
    /// The name under which `embedder` of `moca.json` selects the preset.
    package var name: String
    /// The values of `architectures` in `config.json` that select the preset.
    var architectures: [String] = []
    /// The values of `model_type` that select the preset for a file whose architectures, if it
    /// states any, are the backbone's own.
    var modelTypes: [String] = []
    /// The values of `model_type` of the backbones that the rules are for; nil for all.
    var backbones: Set<String>?
    package var attention: AttentionMode
    package var pooling: PoolingMode
    package var positions = PositionRule.grids
    /// Whether an embedding has a vector for each token.
    package var isMultiVector = false
    /// The marker tokens around images.
    package var markers = ImageMarkers.enclosed
    /// The steps before an image is cut into patches.
    package var images: ImageRecipe
    /// The limits on the image tokens of an image, if they are not those of the image processor.
    package var limits: ImageLimits?
    package var prompt = PromptRule()
    /// Where the special tokens go that the tokenizer's file adds to a text.
    package var specialTokens = SpecialTokenPlacement.aroundInput
}

/// Where the special tokens of the `post_processor` of a `tokenizer.json` go.
package enum SpecialTokenPlacement: Sendable, Hashable {
    /// Nowhere: the prompt has what the embedder needs.
    case none
    /// Around the whole input, once.
    case aroundInput
}

/// Limits on the number of tokens of an image.
package enum ImageLimits: Sendable, Hashable {
    /// Constants of the embedder's code.
    case fixed(ClosedRange<Int>)
    /// Integers of `config.json` by their keys, with the values for files without them.
    case declared(minimum: String, maximum: String, ClosedRange<Int>)
}

extension ImageLimits {
    /// The largest number of tokens of an image that is taken from a file, so that products with
    /// the pixels of a token do not overflow.
    static let mostTokens = 1 << 20

    /// The limits with the values of a `config.json`.
    ///
    /// - Throws: `ProcessingError.badImageLimits`.
    fileprivate func resolved(
        by declaration: ModelDeclaration
    ) throws(ProcessingError) -> ImageLimits {
        guard case .declared(let minimum, let maximum, let fallback) = self else { return self }
        let low = declaration.integers[minimum] ?? fallback.lowerBound
        let high = declaration.integers[maximum] ?? fallback.upperBound
        guard low >= 1, low <= high, high <= Self.mostTokens else {
            throw .badImageLimits(
                minimum: SettingsProblem(minimum, "is \(low)"),
                maximum: SettingsProblem(maximum, "is \(high)"))
        }
        return .fixed(low...high)
    }
}

extension EmbedderRules {
    /// The presets, each found by the name, the architecture or the model type that it states.
    package static let presets: [EmbedderRules] = [
        .moca, .vlm2vec, .gme, .colQwen2, .colQwen2HF, .colQwen25, .biQwen25, .qwen3VLEmbedding,
        .vlm2vecLlava, .vlm2vecPhi, .mmE5,
    ]

    /// The preset that a `config.json` selects; MoCa's for a model that none claims.
    ///
    /// - Throws: `ProcessingError.unknownArchitecture` for an architecture that is neither a
    ///   preset's nor the backbone's own: it may be an embedder with other rules.
    package static func preset(
        for declaration: ModelDeclaration
    ) throws(ProcessingError) -> EmbedderRules {
        let known =
            Families.architectures(modelType: declaration.modelType)
            + presets.flatMap(\.architectures)
        if let unknown = declaration.architectures.first(where: { !known.contains($0) }) {
            throw .unknownArchitecture(
                name: unknown, modelType: declaration.modelType, known: known)
        }
        let byArchitecture = presets.first {
            !Set($0.architectures).isDisjoint(with: declaration.architectures)
        }
        return byArchitecture ?? presets.first { $0.modelTypes.contains(declaration.modelType) }
            ?? .moca
    }

    /// The rules of a model: those of its contract, else of the preset that the contract names,
    /// else of the preset that its `config.json` selects.
    ///
    /// - Throws: `ProcessingError.unknownEmbedder`, `.otherBackbone`, `.unknownArchitecture`,
    ///   `.badImageLimits`, `.badPrompt`.
    package init(
        _ declaration: ModelDeclaration, _ contract: EmbeddingContract
    ) throws(ProcessingError) {
        if let name = contract.embedder {
            guard let named = Self.presets.first(where: { $0.name == name }) else {
                throw .unknownEmbedder(name: name, known: Self.presets.map(\.name))
            }
            try named.requireBackbone(declaration.modelType)
            self = named
        } else {
            self = try Self.preset(for: declaration)
        }
        limits = try limits?.resolved(by: declaration)
        try apply(contract)
    }

    /// Checks that the rules are for a backbone; one that no rules are for is checked elsewhere.
    ///
    /// - Throws: `ProcessingError.otherBackbone`.
    private func requireBackbone(_ modelType: String) throws(ProcessingError) {
        let known = Self.presets.filter { $0.backbones?.contains(modelType) == true }
        guard let backbones, !backbones.contains(modelType), !known.isEmpty else { return }
        throw .otherBackbone(
            embedder: name, backbones: backbones.sorted(), modelType: modelType,
            known: (known + [.moca]).map(\.name))
    }

    /// Takes the rules that a contract states.
    ///
    /// - Throws: `ProcessingError.badPrompt`.
    package mutating func apply(_ contract: EmbeddingContract) throws(ProcessingError) {
        attention = contract.attention ?? attention
        pooling = contract.pooling ?? pooling
        positions = contract.positions ?? positions
        images.alpha = contract.alpha ?? images.alpha
        try prompt.apply(contract)
    }

    /// A text that tells apart rules of other vectors; nil for MoCa's, which other settings tell.
    package var identity: String? {
        let own = EmbedderRules.moca
        let isOwn =
            name == own.name && positions == own.positions && images == own.images
            && prompt.instruction == nil
        guard !isOwn else { return nil }
        let standard = prompt.instruction.map { ", \($0.standard)" } ?? ""
        return "\(name), \(positions.rawValue), \(images.alpha.rawValue)\(standard)"
    }

    /// The limits on the pixels of an image whose tokens have sides of `side` pixels; nil if they
    /// are those of the image processor.
    package func budget(tokenSide side: Int) -> PixelBudget? {
        guard case .fixed(let tokens)? = limits else { return nil }
        return PixelBudget(
            minPixels: tokens.lowerBound * side * side, maxPixels: tokens.upperBound * side * side)
    }
}
