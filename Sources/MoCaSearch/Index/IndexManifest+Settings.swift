// What an update of an index takes from the index.

package import Foundation
package import MoCaEmbedding
import MoCaVectors

extension IndexManifest {
    /// The manifest of the index in a folder; nil if the folder has none.
    ///
    /// - Throws: `SearchError.damagedIndex`.
    package init?(ofIndexIn folder: URL) throws {
        guard SearchIndex.exists(in: folder) else { return nil }
        self = try IndexFiles.manifest(in: folder)
    }

    /// The options and the length of passages for an update: those of the index where they are left
    /// open.
    ///
    /// - Parameters:
    ///   - options: the options that are given; the device, the type, the threads and the batch
    ///     size stay as they are.
    ///   - passageLength: the length that is given; nil leaves it open.
    ///   - folder: the folder of the index, for the error.
    /// - Throws: `SearchError.otherIndexSettings` for a setting that is given and is not the
    ///   index's.
    package func completing(
        _ options: EmbedderOptions, passageLength: Int?, in folder: URL
    ) throws -> (options: EmbedderOptions, passageLength: Int) {
        let filled = VectorSettings(options).filled(from: settings)
        let length =
            passageLength ?? self.passageLength ?? IndexBuilder.standardPassageLength
        try require(filled, passageLength: length, in: folder)
        var options = options
        filled.apply(to: &options)
        return (options, length)
    }

    /// Checks that an update has the settings of the index.
    ///
    /// - Throws: `SearchError.otherIndexSettings`.
    func require(
        _ settings: VectorSettings, passageLength length: Int, in folder: URL
    ) throws(SearchError) {
        var differences = settings.differences(from: self.settings)
        if let stored = passageLength, stored != length {
            differences.append("passage-length \(stored) (this run gives \(length))")
        }
        guard differences.isEmpty else {
            throw .otherIndexSettings(index: folder.path, differences: differences)
        }
    }
}
