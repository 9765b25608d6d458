// Folders that a user names, as the subsets in them.

package import Foundation
package import MoCaTables

/// The folders of subsets: a folder with data files is one; of a folder without, each subfolder is.
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
