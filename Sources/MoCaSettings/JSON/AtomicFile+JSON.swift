// JSON files that are complete or absent.

package import Foundation
package import MoCaSystem

extension AtomicFile {
    /// Writes a value as JSON; an older file remains until the new one is complete.
    ///
    /// - Throws: `SystemFileError`, `EncodingError`.
    package static func write(
        json value: some Encodable, as format: JSONFormat, to url: URL
    ) throws {
        try write(try format.data(value), to: url)
    }
}
