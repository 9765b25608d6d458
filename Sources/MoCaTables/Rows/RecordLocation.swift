// Where a record stands: what every error about data names.

import Foundation

/// The place of one record in one file.
package struct RecordLocation: Sendable, Hashable, CustomStringConvertible {
    /// How records are counted in the file.
    package enum Place: Sendable, Hashable {
        /// Row of the file, from 0, in a row group of a Parquet file or a batch of an Arrow file.
        case row(Int, block: Int)
        /// Line of a text file, from 1.
        case line(Int)
        /// Row of a WebDataset shard, from 0, and the base name of its members.
        case sample(Int, key: String)
        /// Position in a list of files, from 0.
        case item(Int)
    }

    /// Path of the file as the user gave it, or `-` for standard input.
    package var file: String
    package var place: Place

    package init(file: String, place: Place) {
        self.file = file
        self.place = place
    }

    /// `train.parquet, row 7, row group 0`.
    package var description: String {
        switch place {
        case .row(let row, let block): "\(file), row \(row), \(blockUnit(ofFile: file)) \(block)"
        case .line(let line): "\(file), line \(line)"
        case .sample(let row, let key): "\(file), row \(row), sample \(key)"
        case .item: file
        }
    }
}

/// What a block of `file` is called: by the file's ending.
package func blockUnit(ofFile file: String) -> String {
    switch RecordFormat(URL(fileURLWithPath: file)) {
    case .parquet: "row group"
    case .arrow: "record batch"
    case .webDataset: "block of samples"
    default: "block of lines"
    }
}

/// The name of one sample in a catalog: stable over runs as long as the files are the same.
package struct SampleID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Name of the subset.
    package var subset: String
    /// Row in the subset, from 0, over all its files.
    package var row: Int

    package init(subset: String, row: Int) {
        self.subset = subset
        self.row = row
    }

    /// `WordNet_def2word#17`.
    package var description: String { "\(subset)#\(row)" }
}
