// The work of an update, determined before anything is embedded.

/// The planned action for each file.
struct IndexPlan: Sendable {
    /// The source of a file's vectors.
    enum Source: Sendable {
        /// Rows of the old index.
        case kept([Int])
        /// Parts to be embedded.
        case new([FileParts.Part])
        /// The vectors of another new file with the same contents, by its index.
        case sameAs(Int)
    }

    struct File: Sendable {
        let path: String
        let source: Source

        var isEmpty: Bool {
            if case .new(let parts) = source { parts.isEmpty } else { false }
        }
    }

    /// The indexed paths.
    let paths: [String]
    var files: [File] = []
    var skipped: [SkippedFile] = []
    var failed: [SkippedFile] = []

    init(paths: [String]) {
        self.paths = paths
    }

    /// The number of items to embed.
    var waitingCount: Int {
        files.reduce(0) { count, file in
            if case .new(let parts) = file.source { count + parts.count } else { count }
        }
    }
}

extension SearchIndex {
    /// The key of a file; all rows of the file share it.
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
    /// Returns the item at the path of another file with the same contents.
    func moved(to path: String) -> IndexItem {
        guard path != self.path else { return self }
        var item = self
        item.path = path
        item.id = part.map { "\(path)#\($0)" } ?? path
        return item
    }
}
