// The location of a record, which every data error names.

import Foundation

/// The location of one record in one file.
package struct RecordLocation: Sendable, Hashable, CustomStringConvertible {
    /// The position of a record, in the unit of the file's format.
    package enum Place: Sendable, Hashable {
        /// A row of the file, from 0, in a row group of a Parquet file or a batch of an Arrow file.
        case row(Int, block: Int)
        /// A line of a text file, from 1.
        case line(Int)
        /// A row of a WebDataset shard, from 0, and the base name of its members.
        case sample(Int, key: String)
        /// An index in a list of files, from 0.
        case item(Int)
    }

    /// Path of the file as the user gave it, or `-` for standard input.
    package var file: String
    package var place: Place

    package init(file: String, place: Place) {
        self.file = file
        self.place = place
    }

    /// The location in messages, such as `train.parquet, row 7, row group 0`.
    package var description: String {
        switch place {
        case .row(let row, let block): "\(file), row \(row), \(blockUnit(ofFile: file)) \(block)"
        case .line(let line): "\(file), line \(line)"
        case .sample(let row, let key): "\(file), row \(row), sample \(key)"
        case .item: file
        }
    }
}

/// The name of a block of `file`, by the file's ending.
package func blockUnit(ofFile file: String) -> String {
    switch RecordFormat(URL(fileURLWithPath: file)) {
    case .parquet: "row group"
    case .arrow: "record batch"
    case .webDataset: "block of samples"
    default: "block of lines"
    }
}

/// The identity of one sample in a catalog: stable across runs as long as the files are the same.
package struct SampleID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The name of the subset.
    package var subset: String
    /// Row in the subset, from 0, over all its files.
    package var row: Int

    package init(subset: String, row: Int) {
        self.subset = subset
        self.row = row
    }

    /// The sample's name in messages, such as `WordNet_def2word#17`.
    package var description: String { "\(subset)#\(row)" }
}
