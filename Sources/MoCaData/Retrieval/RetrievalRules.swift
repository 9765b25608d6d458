// How a retrieval set is to be scored, where that differs from set to set.

package import Foundation
import MoCaSettings
import MoCaTables

/// The rules of a retrieval set, from the file `set.json` in its folder.
///
///     {"ignore_identical_ids": true}
package struct RetrievalRules: Sendable, Hashable {
    /// The name of the file.
    package static let fileName = "set.json"
    private static let key = "ignore_identical_ids"
    /// Sets whose queries are documents too, of which BEIR and mteb leave the query itself out.
    private static let selfContained: Set<String> = ["arguana", "quora", "quoraretrieval"]

    /// Whether the document with the id of a query is left out of the query's ranking. Without the
    /// file it is for ArguAna and Quora, by the name of the folder, as in mteb.
    package var ignoresIdenticalIDs: Bool

    /// Reads the rules of a set's folder.
    ///
    /// - Throws: `DataError.unreadableFile`.
    package init(of folder: URL) throws {
        let name = folder.lastPathComponent.lowercased().filter { $0.isLetter || $0.isNumber }
        ignoresIdenticalIDs = Self.selfContained.contains(name)
        let file = folder.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        func failure(_ reason: String) -> DataError {
            .unreadableFile(path: file.path, reason: reason)
        }
        let object: JSONObject
        do {
            guard let found = try JSON(parsing: Data(contentsOf: file)).object else {
                throw failure("it is not a JSON object")
            }
            object = found
        } catch let fault as JSONFault {
            throw failure("it is not JSON: \(fault)")
        } catch let error as CocoaError {
            throw failure(error.localizedDescription)
        }
        for (key, value) in object {
            guard key == Self.key else {
                throw failure("its key '\(key)' is not known (known: \(Self.key))")
            }
            guard case .bool(let isIgnored) = value else {
                throw failure("'\(key)' is \(value.shortDescription), must be true or false")
            }
            ignoresIdenticalIDs = isIgnored
        }
    }
}
