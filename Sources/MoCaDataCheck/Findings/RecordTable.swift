// Finds pre-training records that occur several times, across all subsets.

/// The contents of all records as hashes of 64 bits: 24 bytes per record.
struct RecordTable {
    private struct Entry {
        var identity: UInt64
        var row: Int
        /// The index of its run.
        var run: Int32
    }

    /// A record that occurs before.
    struct Repetition: Hashable {
        var place: RecordPlace
        /// The first occurrence.
        var first: RecordPlace
        /// The number of occurrences.
        var count: Int
    }

    private var entries: [Entry] = []
    /// Subset and file of each run of consecutive records, with the row of its first record.
    private var runs: [RecordPlace] = []

    /// Adds a record; a whole file is ignored.
    mutating func add(_ identity: UInt64, at place: RecordPlace) {
        guard let row = place.row else { return }
        if runs.last?.subset != place.subset || runs.last?.file != place.file {
            runs.append(place)
        }
        entries.append(Entry(identity: identity, row: row, run: Int32(runs.count - 1)))
    }

    /// The records whose content occurs before, in order.
    func repetitions() -> [Repetition] {
        let sorted = entries.indices.sorted {
            (entries[$0].identity, $0) < (entries[$1].identity, $1)
        }
        var found: [(index: Int, first: Int, count: Int)] = []
        var start = 0
        for end in 1...max(1, sorted.count) where !sorted.isEmpty {
            let isSame =
                end < sorted.count
                && entries[sorted[end]].identity == entries[sorted[start]].identity
            guard !isSame else { continue }
            for place in sorted[start..<end].dropFirst() {
                found.append((place, sorted[start], end - start))
            }
            start = end
        }
        return found.sorted { $0.index < $1.index }.map {
            Repetition(place: place($0.index), first: place($0.first), count: $0.count)
        }
    }

    private func place(_ index: Int) -> RecordPlace {
        var place = runs[Int(entries[index].run)]
        place.row = entries[index].row
        return place
    }
}
