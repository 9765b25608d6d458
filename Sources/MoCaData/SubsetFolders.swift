// Which folders are subsets.

package import Foundation

/// The folders of the subsets under `folders`: a folder with data files is one; of a folder
/// without, each subfolder is.
///
/// - Throws: `DataError`.
package func subsetFolders(under folders: [URL]) throws -> [URL] {
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
