// Rows that Arrow has read, and the ownership of their memory.

import CArrow
import Foundation

/// A range of rows of one block, stored by column. Immutable, so any thread may read it.
package final class RecordBatch: @unchecked Sendable {
    private let array: UnsafeMutablePointer<ArrowArray>
    private let schema: UnsafeMutablePointer<ArrowSchema>
    /// The columns, in the requested order.
    package let columns: [Column]
    /// The number of rows.
    package let rowCount: Int
    private let indices: [String: Int]

    /// Takes ownership of the batch that `fill` writes; nil if it writes nothing.
    ///
    /// - Throws: `ColumnFailure`, or what `fill` throws.
    init?(
        filledBy fill: (UnsafeMutablePointer<ArrowArray>, UnsafeMutablePointer<ArrowSchema>) throws
            -> Void
    ) throws {
        array = .allocate(capacity: 1)
        schema = .allocate(capacity: 1)
        array.initialize(to: ArrowArray())
        schema.initialize(to: ArrowSchema())
        do {
            try fill(array, schema)
            guard array.pointee.release != nil else {
                Self.free(array, schema)
                return nil
            }
            let table = try Column(schema: schema.pointee, array: array.pointee)
            guard table.type == .structure, table.offset == 0 else {
                throw ColumnFailure(column: "", reason: "the batch is not a table")
            }
            columns = table.children
            rowCount = table.count
            indices = Dictionary(
                table.children.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        } catch {
            Self.free(array, schema)
            throw error
        }
    }

    deinit {
        Self.free(array, schema)
    }

    private static func free(
        _ array: UnsafeMutablePointer<ArrowArray>, _ schema: UnsafeMutablePointer<ArrowSchema>
    ) {
        if let release = array.pointee.release { release(array) }
        if let release = schema.pointee.release { release(schema) }
        array.deallocate()
        schema.deallocate()
    }

    /// The column of a name; nil if there is none.
    package func column(_ name: String) -> Column? {
        indices[name].map { columns[$0] }
    }

    /// The size of the columns in bytes.
    package var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}
