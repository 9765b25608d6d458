// The work of an update, determined before anything is embedded.

import MoCaCore

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

    /// The indexed files and folders.
    let roots: IndexRoots
    var files: [File] = []
    var missing: [MissingRoot] = []
    var skipped: [SkippedFile] = []
    var failed: [SkippedFile] = []

    init(_ roots: IndexRoots) {
        self.roots = roots
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
        let path: ExactText
        let hash: String
    }

    /// The key of a row's file.
    func rowKey(_ row: Int) -> RowKey {
        RowKey(path: ExactText(items[row].path), hash: items[row].hash)
    }
}

extension IndexItem {
    /// Returns the item as one of the file at `path`, which has the same contents.
    ///
    /// - Parameter name: the name of the file.
    func placed(at path: String, name: String) -> IndexItem {
        var item = self
        item.path = path
        item.id = part.map { "\(name)#\($0)" } ?? name
        return item
    }
}
