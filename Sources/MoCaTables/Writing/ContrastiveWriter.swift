// Writes contrastive records as Parquet, in the layout of training data.

import CArrow
package import Foundation

/// One side of a pair as stored in a file; an absent text or path is empty.
package struct PairSide: Sendable, Hashable {
    package var text: String
    package var imagePath: String

    package init(text: String, imagePath: String) {
        (self.text, self.imagePath) = (text, imagePath)
    }
}

/// Writes contrastive records to a file that is complete or absent: it gets its name at the end.
///
///     let writer = try ContrastiveWriter(url)
///     try writer.append(query: query, positive: positive, negatives: [first, second])
///     try writer.finish()
package final class ContrastiveWriter {
    /// The column names: text and image path of query, positive and negatives.
    package static let columns = [
        "qry", "qry_image_path", "pos_text", "pos_image_path", "neg_text", "neg_image_path",
    ]
    /// The number of rows in a row group: reading one row reads its row group.
    private static let rowGroupRowCount = 4096
    /// The approximate size in bytes of a row group's longest column.
    private static let rowGroupByteCount = 64 << 20

    private let output: ParquetOutput
    /// Text and image path of query and positive.
    private var plain = [TextBuffer](repeating: TextBuffer(), count: 4)
    /// Texts and image paths of the negatives.
    private var lists = [TextBuffer](repeating: TextBuffer(), count: 2)
    private var listOffsets: [Int32] = [0]

    /// Starts the file `url`, which appears when `finish()` returns.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package init(_ url: URL) throws {
        output = try ParquetOutput(url) { path, writer in
            let names = Self.columns.map { strdup($0) }
            defer { names.forEach { free($0) } }
            let columns = names.enumerated().map { index, name in
                carrow_text_column(name: name, is_list: index < 4 ? 0 : 1)
            }
            return carrow_text_writer_open(path, columns, Int64(columns.count), writer)
        }
    }

    /// Appends one record.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func append(query: PairSide, positive: PairSide, negatives: [PairSide]) throws {
        let texts = [query.text, query.imagePath, positive.text, positive.imagePath]
        for (index, text) in texts.enumerated() { plain[index].append(text) }
        for negative in negatives {
            lists[0].append(negative.text)
            lists[1].append(negative.imagePath)
        }
        listOffsets.append(Int32(lists[0].count))
        let longest = (plain + lists).map(\.bytes.count).max() ?? 0
        let isFull =
            listOffsets.count > Self.rowGroupRowCount || longest >= Self.rowGroupByteCount
        if isFull { try flush() }
    }

    private func flush() throws {
        guard listOffsets.count > 1 else { return }
        let rows = listOffsets.count - 1
        try output.append { writer in
            withColumns { carrow_text_writer_append(writer, Int64(rows), $0) }
        }
        for index in plain.indices { plain[index].removeAll() }
        for index in lists.indices { lists[index].removeAll() }
        listOffsets = [0]
    }

    /// Calls `body` with the columns, in the order of the file.
    private func withColumns(
        _ body: (UnsafePointer<carrow_texts>) -> carrow_status
    ) -> carrow_status {
        listOffsets.withUnsafeBufferPointer { listOffsets in
            Self.withTexts(plain + lists) { texts in
                var columns = texts
                for index in plain.count..<columns.count {
                    columns[index].list_offsets = listOffsets.baseAddress
                }
                return body(columns)
            }
        }
    }

    /// Calls `body` with all buffers, whose pointers are valid until it returns.
    private static func withTexts(
        _ buffers: [TextBuffer], _ found: [carrow_texts] = [],
        _ body: ([carrow_texts]) -> carrow_status
    ) -> carrow_status {
        guard found.count < buffers.count else { return body(found) }
        let buffer = buffers[found.count]
        return buffer.bytes.withUnsafeBufferPointer { bytes in
            buffer.offsets.withUnsafeBufferPointer { offsets in
                let texts = carrow_texts(
                    bytes: bytes.baseAddress, offsets: offsets.baseAddress, list_offsets: nil)
                return withTexts(buffers, found + [texts], body)
            }
        }
    }

    /// Writes the remaining records, and gives the file its name.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func finish() throws {
        try flush()
        try output.finish()
    }
}
