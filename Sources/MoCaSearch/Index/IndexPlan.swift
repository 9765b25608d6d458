// What an update has to do, decided before anything is embedded.

/// What becomes of each file.
struct IndexPlan: Sendable {
    /// Where a file's vectors come from.
    enum Source: Sendable {
        /// Rows of the old index.
        case kept([Int])
        /// To be embedded.
        case new([FileParts.Part])
        /// The vectors of another new file with the same contents, by its number.
        case sameAs(Int)
    }

    struct File: Sendable {
        let path: String
        let source: Source

        var isEmpty: Bool {
            if case .new(let parts) = source { parts.isEmpty } else { false }
        }
    }

    /// What the index is of.
    let paths: [String]
    var files: [File] = []
    var skipped: [SkippedFile] = []
    var failed: [SkippedFile] = []

    init(paths: [String]) {
        self.paths = paths
    }

    /// Items to embed.
    var waitingCount: Int {
        files.reduce(0) { count, file in
            if case .new(let parts) = file.source { count + parts.count } else { count }
        }
    }
}

extension SearchIndex {
    /// The rows of one file have one key.
    struct RowKey: Hashable {
        let path: String
        let hash: String
    }

    /// The key of a row's file.
    func rowKey(_ row: Int) -> RowKey {
        RowKey(path: items[row].path, hash: items[row].hash)
    }
}

extension IndexItem {
    /// A file whose contents equal those of another.
    func moved(to path: String) -> IndexItem {
        guard path != self.path else { return self }
        var item = self
        item.path = path
        item.id = part.map { "\(path)#\($0)" } ?? path
        return item
    }
}
