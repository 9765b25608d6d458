// Computes the health rows of one step from the vectors of its batches.
// Shapes: B queries of a batch, C candidates, D components.

package import MoCaObjectives
import MoCaRunLog
package import MoCaTables
import Torch

/// The vectors of a scored batch and the records that they come from.
package struct HealthObservation {
    package let observation: ContrastiveObservation
    /// `[B]`: the record of each query.
    package let ids: [SampleID]
    /// `[B + C]`: whether each query, then each candidate, has an image; empty when unknown.
    package let hasImage: [Bool]

    package init(_ observation: ContrastiveObservation, ids: [SampleID], hasImage: [Bool]) {
        (self.observation, self.ids, self.hasImage) = (observation, ids, hasImage)
    }
}

/// Accumulates the health measures of one task.
struct HealthScore {
    /// A negative whose similarity exceeds the positive's by more than this counts as false.
    static let margin = 0.1
    private static let hardestCount = 5
    /// The maximum number of vectors compared pairwise; more would add time but little information.
    private static let vectorCountMax = 1024

    private let task: String
    private var positive = ValueHistogram()
    private var negative = ValueHistogram()
    private var (right, false_, repeated) = (0, 0, 0)
    private var hardest: [HealthRow.HardNegative] = []
    private var queries: [Tensor] = []
    private var positives: [Tensor] = []
    private var documents: [Tensor] = []
    private var images: [Tensor] = []
    private var texts: [Tensor] = []

    init(task: String) {
        self.task = task
    }

    /// Returns the rows of a step and their histograms, one for each task.
    static func results(_ observations: [HealthObservation], step: Int) -> [Self.Result] {
        let tasks = Set(observations.flatMap { $0.ids.map(\.subset) }).sorted()
        let compared = observations.map(Compared.init)
        return tasks.compactMap { task in
            var score = HealthScore(task: task)
            for observation in compared { score.add(observation) }
            return score.result(step: step)
        }
    }

    /// A row with its histograms.
    struct Result {
        let row: HealthRow
        let positive: ValueHistogram
        let negative: ValueHistogram
    }

    // MARK: Gathering

    /// An observation with the similarities of all its queries and candidates.
    private struct Compared {
        let seen: HealthObservation
        /// float64 `[B, D]`.
        let queries: Tensor
        /// float64 `[C, D]`.
        let candidates: Tensor
        /// `[B, C]`
        let similarities: [Double]

        init(_ seen: HealthObservation) {
            self.seen = seen
            // Not every device has float64.
            queries = seen.observation.queries.to(.cpu).to(.float64)
            candidates = seen.observation.candidates.to(.cpu).to(.float64)
            similarities = queries.matmul(candidates.transposed(0, 1)).array()
        }
    }

    private mutating func add(_ compared: Compared) {
        let (seen, all, candidates) = (compared.seen, compared.queries, compared.candidates)
        let rows = seen.ids.indices.filter { seen.ids[$0].subset == task }
        guard !rows.isEmpty else { return }
        let (layout, width) = (seen.observation.layout, candidates.shape[0])
        for row in rows {
            add(Array(compared.similarities[row * width..<(row + 1) * width]), row: row, seen)
        }
        let targets = rows.map { layout.targets[$0] }
        let distinct = Self.distinct(targets, layout)
        queries.append(Self.rows(all, rows))
        positives.append(Self.rows(candidates, targets))
        documents.append(Self.rows(candidates, distinct))
        guard seen.hasImage.count == seen.ids.count + width else { return }
        for hasImage in [true, false] {
            let asked = rows.filter { seen.hasImage[$0] == hasImage }
            let found = distinct.filter { seen.hasImage[seen.ids.count + $0] == hasImage }
            let parts = [(all, asked), (candidates, found)].filter { !$0.1.isEmpty }
                .map { Self.rows($0.0, $0.1) }
            if hasImage { images += parts } else { texts += parts }
        }
    }

    private static func rows(_ vectors: Tensor, _ rows: [Int]) -> Tensor {
        vectors.indexed(0, by: Tensor(rows))
    }

    /// Returns the candidates without repeated contents; the first of each content is kept.
    private static func distinct(_ candidates: [Int], _ layout: CandidateLayout) -> [Int] {
        guard !layout.identities.isEmpty else { return candidates }
        var seen: Set<Int> = []
        return candidates.filter { seen.insert(layout.identities[$0]).inserted }
    }

    /// Adds a query and its similarities to all candidates.
    private mutating func add(_ scores: [Double], row: Int, _ seen: HealthObservation) {
        let layout = seen.observation.layout
        let target = layout.targets[row]
        let isKnown = !layout.identities.isEmpty
        var isRepeated = false
        var best: Int?
        for candidate in scores.indices where candidate != target {
            if isKnown, layout.identities[candidate] == layout.identities[target] {
                isRepeated = true
                continue
            }
            negative.add(scores[candidate])
            if best.map({ scores[candidate] > scores[$0] }) ?? true { best = candidate }
        }
        positive.add(scores[target])
        if isRepeated { repeated += 1 }
        guard let best else {
            right += 1
            return
        }
        if scores[target] > scores[best] { right += 1 }
        if scores[best] > scores[target] + Self.margin { false_ += 1 }
        note(best, row: row, similarity: scores[best], positive: scores[target], seen)
    }

    private mutating func note(
        _ candidate: Int, row: Int, similarity: Double, positive: Double, _ seen: HealthObservation
    ) {
        let layout = seen.observation.layout
        // The records of other processes are unknown here.
        guard seen.ids.count == layout.positiveCount, similarity.isFinite, positive.isFinite
        else { return }
        var (owner, number) = (candidate, 0)
        if candidate >= layout.positiveCount {
            let place = candidate - layout.positiveCount
            owner = layout.owners[place]
            number = 1 + layout.owners[..<place].count { $0 == owner }
        }
        hardest.append(
            .init(
                query: seen.ids[row].description, owner: seen.ids[owner].description,
                negative: number, similarity: similarity, positive: positive))
        hardest.sort { ($0.similarity, $0.query) > ($1.similarity, $1.query) }
        if hardest.count > Self.hardestCount { hardest.removeLast() }
    }

    // MARK: The row

    private func result(step: Int) -> Result? {
        guard let first = Self.joined(queries), let targets = Self.joined(positives) else {
            return nil
        }
        let count = Double(max(1, positive.count))
        let (asked, found) = (Self.measures(first), Self.joined(documents).flatMap(Self.measures))
        let pictures = Self.joined(images)
        let words = Self.joined(texts)
        let all = Self.joined(queries + documents)
        var row = HealthRow(step: step, task: task, positive: positive, negative: negative)
        row.accuracy = Double(right) / count
        row.falseNegativeRate = Double(false_) / count
        row.margin = Self.margin
        row.repeatedRate = Double(repeated) / count
        row.alignment = Self.finite(VectorMeasures.alignment(first, targets))
        row.uniformity = Self.finite(
            asked.flatMap { asked in found.map { (asked.uniformity + $0.uniformity) / 2 } })
        row.modalityGap = Self.finite(
            pictures.flatMap { pictures in
                words.map { VectorMeasures.centroidDistance(pictures, $0) }
            })
        row.queryCosine = Self.finite(asked?.meanCosine)
        row.documentCosine = Self.finite(found?.meanCosine)
        row.effectiveRank = Self.finite(all.flatMap(VectorMeasures.effectiveRank))
        row.hardest = hardest
        return Result(row: row, positive: positive, negative: negative)
    }

    private static func finite(_ value: Double?) -> Double? {
        value.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func measures(_ vectors: Tensor) -> VectorMeasures? {
        vectors.shape[0] > 1 ? VectorMeasures(vectors) : nil
    }

    /// Returns the concatenated vectors `[N, D]`, limited to `vectorCountMax` rows; nil without
    /// vectors.
    private static func joined(_ parts: [Tensor]) -> Tensor? {
        guard !parts.isEmpty else { return nil }
        let all = Tensor.concatenated(parts)
        return all.shape[0] > vectorCountMax ? all.narrowed(0, 0..<vectorCountMax) : all
    }
}
