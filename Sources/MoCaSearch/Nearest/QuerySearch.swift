// The search state of one query over blocks of documents.

/// Collects documents that may be among the best, and counts those that rank above the best marked
/// document.
///
/// The exact scores are within `slack` of the given ones. Documents must be added in ascending
/// order.
struct QuerySearch {
    /// A document whose exact score is not yet known.
    private struct Candidate {
        let document: Int32
        /// The bounds of the exact score.
        let lower: Double
        let upper: Double
    }

    /// Computes the exact score of a document for the query's row.
    typealias Score = (_ row: Int, _ document: Int) -> Float

    let row: Int
    private let marked: [Float]
    /// The best of the marked documents.
    private let target: TopK.Row?
    /// A document that is left out.
    private let excluded: Int?
    private let count: Int
    private var candidates: [Candidate] = []
    /// The best of the exactly scored documents.
    private var best: TopK
    /// A lower bound on the `count`-th best exact score.
    private var threshold = -Double.infinity
    private var aboveTarget = 0
    private var tiedWithTarget = 0

    init(_ query: ExactSearch.Query, scores: [Float], count: Int) {
        row = query.row
        marked = scores
        target = zip(query.marked, scores).max { ($0.1, $1.0) < ($1.1, $0.0) }
            .map { (row: $0.0, score: $0.1) }
        excluded = query.excluded
        self.count = count
        best = TopK(count: count)
    }

    /// The number of candidates at which impossible ones are dropped.
    private var candidateCountMax: Int { 4 * count + 64 }

    /// Adds consecutive documents, starting at `start`.
    mutating func add(
        _ scores: UnsafeBufferPointer<Float>, from start: Int, slack: Double, _ exact: Score
    ) {
        // Scores are compared in chunks without branches; few chunks contain candidates.
        let chunk = 64
        let around = target.map { target in
            (
                least: Self.below(Double(target.score) - slack),
                most: Self.above(Double(target.score) + slack)
            )
        }
        for first in stride(from: 0, to: scores.count, by: chunk) {
            let part = first..<min(first + chunk, scores.count)
            if count > 0 {
                let least = Self.below(threshold - slack)
                if Self.count(scores, part, { $0 >= least }) > 0 {
                    gather(scores, part, from: start, slack, exact)
                }
            }
            guard let target, let (least, most) = around else { continue }
            let above = Self.count(scores, part) { $0 > most }
            let isExcluded = excluded.map { part.contains($0 - start) && scores[$0 - start] > most }
            aboveTarget += above - (isExcluded == true ? 1 : 0)
            guard Self.count(scores, part, { $0 >= least }) > above else { continue }
            for index in part where scores[index] >= least && scores[index] <= most {
                compare(start + index, target, exact)
            }
        }
    }

    private mutating func gather(
        _ scores: UnsafeBufferPointer<Float>, _ part: Range<Int>, from start: Int,
        _ slack: Double, _ exact: Score
    ) {
        for index in part
        where Double(scores[index]) + slack >= threshold && start + index != excluded {
            let score = Double(scores[index])
            candidates.append(
                Candidate(
                    document: Int32(start + index), lower: score - slack, upper: score + slack))
            if candidates.count >= candidateCountMax { drop(exact) }
        }
    }

    private mutating func compare(_ document: Int, _ target: TopK.Row, _ exact: Score) {
        guard document != target.row, document != excluded else { return }
        let score = exact(row, document)
        if score == target.score { tiedWithTarget += 1 }
        if score > target.score || (score == target.score && document < target.row) {
            aboveTarget += 1
        }
    }

    /// Drops candidates that cannot be among the best; if too many remain, scores them exactly.
    private mutating func drop(_ exact: Score) {
        if candidates.count > count {
            let lower = candidates.map(\.lower).sorted(by: >)
            threshold = max(threshold, lower[count - 1])
            candidates.removeAll { $0.upper < threshold }
        }
        if candidates.count > candidateCountMax / 2 { score(exact) }
    }

    private mutating func score(_ exact: Score) {
        for candidate in candidates where candidate.upper >= threshold {
            best.add(Int(candidate.document), exact(row, Int(candidate.document)))
        }
        candidates.removeAll(keepingCapacity: true)
        best.cut()
        threshold = max(threshold, Double(best.threshold))
    }

    /// The result, after all documents were added.
    mutating func found(_ exact: Score) -> ExactSearch.Found {
        score(exact)
        return ExactSearch.Found(
            best: best.sorted(), marked: marked,
            place: target.map { _ in
                ExactSearch.Place(rank: aboveTarget + 1, isTied: tiedWithTarget > 0)
            })
    }

    @inline(__always)
    private static func count(
        _ scores: UnsafeBufferPointer<Float>, _ part: Range<Int>, _ isCounted: (Float) -> Bool
    ) -> Int {
        var count: Int32 = 0
        for index in part { count &+= isCounted(scores[index]) ? 1 : 0 }
        return Int(count)
    }

    /// A float32 that is not above `value`.
    private static func below(_ value: Double) -> Float { Float(value).nextDown }

    /// A float32 that is not below `value`.
    private static func above(_ value: Double) -> Float { Float(value).nextUp }
}
