// Finds the subsets in the folders that a user names.

package import Foundation
import MoCaTables

/// The folders of subsets: a folder with data files is a subset, otherwise each subfolder is.
///
/// - Throws: `DataError`.
package func subsetFolders(in folders: [URL]) throws -> [URL] {
    var found: [URL] = []
    for folder in folders {
        do {
            _ = try dataFiles(in: folder)
            found.append(folder)
        } catch DataError.noDataFiles(_, let subfolders) where !subfolders.isEmpty {
            found += subfolders.map { folder.appending(path: $0) }
        }
    }
    return found
}
