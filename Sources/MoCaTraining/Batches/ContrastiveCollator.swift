// Packs contrastive samples into one batch: prompts, tokens, patches and equal contents.

import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaTables

/// Packs contrastive samples into batches.
struct ContrastiveCollator: Sendable {
    let processor: Processor
    let collator: Collator
    let cache: PatchCache
    let prompting: Prompting
    /// The maximum number of hard negatives per query.
    let hardNegatives: Int
    /// Whether batches contain the identities of their targets.
    var marksTargets = false
    /// The maximum number of tokens of a content; nil for no limit.
    var maxLength: Int?
    /// The maximum number of tokens in a chunk; nil packs everything into one chunk.
    var miniBatchTokens: Int?
    /// The number of threads that prepare contents.
    let workers: Int

    /// Estimates for a cost: the tokens of an image, and the bytes of text that make a token.
    private static let (imageTokens, bytesPerToken) = (256, 4)

    /// Estimates the tokens of a sample from what is known before its texts are tokenized and its
    /// images are read: the bytes of its texts and the number of its images. Every process needs
    /// the cost of all samples of a batch to choose its own.
    func estimatedCost(_ sample: ContrastiveSample) -> Int {
        let contents =
            [sample.query, sample.positive] + sample.negatives.prefix(hardNegatives)
        return contents.reduce(0) { sum, content in
            let tokens = content.segments.reduce(0) { sum, segment in
                switch segment {
                case .text(let text): sum + text.utf8.count / Self.bytesPerToken
                case .image: sum + Self.imageTokens
                }
            }
            return sum + max(1, min(tokens, maxLength ?? .max))
        }
    }

    /// Packs samples into one batch and counts what truncation removed. Repeated contents are
    /// computed once.
    ///
    /// - Throws: `FailedSamples`, `ModelError`.
    func pack(
        _ samples: [ContrastiveSample]
    ) throws -> (batch: ContrastiveBatch, truncation: Truncated) {
        var contents = DistinctContents()
        let queries = samples.map { contents.add(prompted($0, $0.query, .query), of: $0.id) }
        let positives = samples.map {
            contents.add(prompted($0, $0.positive, .positive), of: $0.id)
        }
        let negatives = samples.flatMap { sample in
            sample.negatives.prefix(hardNegatives).map {
                contents.add(prompted(sample, $0, .negative), of: sample.id)
            }
        }
        let packed = try pieces(contents)
        let candidates = positives + negatives
        var batch = ContrastiveBatch(
            pieces: packed.inputs, sequences: (queries + candidates).map { packed.places[$0] },
            negativeCounts: samples.map { min(hardNegatives, $0.negatives.count) },
            candidateIdentities: contents.fingerprints(candidates, ContentFingerprint.whole))
        if marksTargets {
            batch.targetIdentities = contents.fingerprints(candidates, ContentFingerprint.target)
        }
        let scores =
            samples.map(\.positiveScore)
            + samples.flatMap { $0.negativeScores.prefix(hardNegatives) }
        if scores.contains(where: { $0 != nil }) { batch.teacherScores = scores.map { $0 ?? .nan } }
        return (batch, packed.truncation)
    }

    /// Packs the contents into chunks; `places` has the index of each content among the sequences
    /// of all chunks.
    ///
    /// - Throws: `FailedSamples`, `ModelError`.
    private func pieces(
        _ contents: DistinctContents
    ) throws -> (inputs: [EncoderInput], places: [Int], truncation: Truncated) {
        let outlines = try preparingAll(
            contents.count, workers: workers, of: { contents.owners[$0] }
        ) { index in
            try naming(contents.owners[index][0]) { try processor.outline(contents.list[index]) }
        }
        var inputs: [EncoderInput] = []
        var places = [Int](repeating: 0, count: contents.count)
        var offset = 0
        // Patches are decoded and copied into their tensor one chunk at a time.
        for piece in Self.pieces(of: outlines, tokensMax: miniBatchTokens) {
            let patches = try preparingAll(
                piece.count, workers: workers, of: { contents.owners[piece[$0]] }
            ) { index in
                try naming(contents.owners[piece[index]][0]) {
                    try cache.patches(of: outlines[piece[index]])
                }
            }
            let packed = try collator.pack(piece.map { outlines[$0] }, patches: patches)
            for (index, place) in zip(piece, packed.places) { places[index] = offset + place }
            offset += piece.count
            inputs.append(packed.input)
        }
        return (inputs, places, Truncated(outlines))
    }

    /// Splits the indices of outlines, sorted by length, into chunks within the token limit. An
    /// outline above the limit is a chunk of its own; without a limit there is one chunk.
    static func pieces(of outlines: [InputOutline], tokensMax: Int?) -> [[Int]] {
        guard !outlines.isEmpty else { return [] }
        let order = Collator.order(outlines)
        guard let tokensMax else { return [order] }
        return TokenBudget(tokensMax).ranges(of: order.map { outlines[$0].load })
            .map { Array(order[$0]) }
    }

    private func prompted(
        _ sample: ContrastiveSample, _ content: Content, _ side: Prompting.Side
    ) -> Content {
        prompting(content, side, subset: sample.id.subset)
    }
}

/// The distinct contents of a batch and the samples that use each of them.
private struct DistinctContents: Sendable {
    private(set) var list: [Content] = []
    private(set) var owners: [[SampleID]] = []
    private var numbers: [Content: Int] = [:]

    var count: Int { list.count }

    /// Adds a content of a sample and returns the index of the content in `list`.
    mutating func add(_ content: Content, of id: SampleID) -> Int {
        if let known = numbers[content] {
            owners[known].append(id)
            return known
        }
        numbers[content] = list.count
        list.append(content)
        owners.append([id])
        return list.count - 1
    }

    /// Returns the fingerprints of the contents at `places`; each content is hashed once.
    func fingerprints(_ places: [Int], _ fingerprint: (Content) -> Int) -> [Int] {
        var known: [Int: Int] = [:]
        return places.map { place in
            if let number = known[place] { return number }
            let number = fingerprint(list[place])
            known[place] = number
            return number
        }
    }
}

/// Runs `body` and adds the sample's name to an error that the sample causes. Other errors, such as
/// a missing decoder, are rethrown unchanged.
func naming<Result>(_ id: SampleID, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as any UserFacingError
        where !(error is DataError)
        && [.badData, .inputMissing, .inputOutput].contains(error.kind)
    {
        throw TrainingError.badSample(name: id.description, reason: error.oneLine)
    }
}
