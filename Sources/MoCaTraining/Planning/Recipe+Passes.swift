// The largest forward passes of a run, and the bytes of its prepared steps.

import MoCaModel
import MoCaObjectives

extension Recipe {
    /// Returns the largest forward passes of each of `ranks` processes, as far as the recipe and
    /// data determine them: one of text and one of images.
    ///
    /// A process computes about its share of each microbatch, and at least one sequence. That is an
    /// estimate: what is balanced is the work of a whole step.
    func largestPasses(
        _ configuration: any BackboneConfiguration, _ costs: DataCosts?, ranks: Int = 1
    ) -> [MemoryEstimate.Pass] {
        func share(_ tokens: Int) -> Int {
            guard ranks > 1 else { return tokens }
            return min(tokens, max((tokens + ranks - 1) / ranks, data.maxLength ?? 0))
        }
        switch objective {
        case .reconstruction:
            let imageTokens = share(batch.partSize / max(1, batch.imageTokenCost))
            return [
                .init(tokens: share(batch.partSize), patches: 0),
                .init(
                    tokens: imageTokens,
                    patches: imageTokens * configuration.inputRules.patch.mergeUnit),
            ]
        case .contrastive(let settings):
            if let costs { return costs.passes(batch, ranks: ranks) }
            guard let length = data.maxLength else { return [] }
            let all = batch.shareOfPart(ranks: ranks) * (2 + settings.hardNegatives) * length
            // A chunk has at least one sequence.
            let tokens = batch.miniBatchTokens.map { min(all, max($0, length)) } ?? all
            return [.init(tokens: tokens, patches: 0)]
        }
    }
}

extension Recipe {
    /// Returns the patch bytes of the steps that each of `ranks` processes has prepared ahead and
    /// in progress, and of its cached images; 0 if the contents of records are not known.
    func preparedBytes(
        _ configuration: any BackboneConfiguration, _ costs: DataCosts?, ranks: Int = 1
    ) -> Int {
        // Patches are stored as bytes of one frame, because their frames are identical.
        let patch = configuration.inputRules.patch
        let frame = patch.valueCount / patch.frameCount
        var (patches, kept) = (0.0, Double(runtime.imageCacheBytes))
        switch objective {
        case .reconstruction(let settings):
            let imageTokens = batch.stepAmount / max(1, batch.imageTokenCost)
            // Masked patches are also held as targets.
            patches =
                Double(imageTokens * patch.mergeUnit)
                * (1 + settings.masking.maeRatio)
        case .contrastive:
            patches = costs?.patchesAStep(batch) ?? 0
            kept = min(kept, (costs?.patchCount ?? 0) * Double(frame))
        }
        let ahead = Int(patches / Double(ranks) * Double(frame)) * (runtime.prefetch + 2)
        return ahead + Int(kept)
    }
}

extension Recipe.Batch {
    /// The samples of a microbatch that each of `ranks` processes has, about.
    func shareOfPart(ranks: Int) -> Int { (partSize + ranks - 1) / ranks }
}
