// Attention in a packed batch: adjacent sequences of equal length go into one call, so that nothing
// is padded and there are few calls.
// Shapes: T tokens of all segments, H heads, G key/value heads, D components per head.

import Torch

/// Consecutive segments of equal length.
struct AttentionRun: Sendable, Hashable {
    /// The index of the first token.
    var start: Int
    var segmentCount: Int
    var length: Int

    var tokens: Range<Int> { start..<start + segmentCount * length }
}

/// Segments of a packed batch, each attending within itself.
struct AttentionRuns: Sendable {
    let runs: [AttentionRun]

    /// Creates runs from the first tokens of the segments and the end, `[N + 1]`. Empty segments
    /// are skipped.
    init(starts: [Int]) {
        var runs: [AttentionRun] = []
        for (start, end) in zip(starts, starts.dropFirst()) where end > start {
            if let last = runs.last, last.length == end - start, last.tokens.upperBound == start {
                runs[runs.count - 1].segmentCount += 1
            } else {
                runs.append(AttentionRun(start: start, segmentCount: 1, length: end - start))
            }
        }
        self.runs = runs
    }

    /// Computes attention of queries `[T, H, D]` over keys and values `[T, G, D]` -> `[T, H * D]`.
    func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, isCausal: Bool) -> Tensor {
        let (_, heads, width) = q.sizes3()
        let scale = 1 / Double(width).squareRoot()
        let parts = runs.map { run in
            let (query, key, value) = (batch(q, run), batch(k, run), batch(v, run))  // [n, H, L, D]
            return
                query
                .attention(keys: key, values: value, isCausal: isCausal, scale: scale)
                .transposed(1, 2)  // [n, L, H, D]
                .reshaped([run.tokens.count, heads * width])
        }
        return parts.count == 1 ? parts[0] : .concatenated(parts)
    }

    private func batch(_ x: Tensor, _ run: AttentionRun) -> Tensor {
        let (_, heads, width) = x.sizes3()
        let part = runs.count == 1 ? x : x.narrowed(0, run.tokens)
        return part.reshaped([run.segmentCount, run.length, heads, width]).transposed(1, 2)
    }
}
