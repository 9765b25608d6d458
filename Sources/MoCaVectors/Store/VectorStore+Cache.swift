// The store as a cache of vectors computed under the same conditions, and the errors of both uses.

package import Foundation
import MoCaSystem

extension VectorStore {
    /// Opens or creates the cache of vectors computed under `conditions`, in a subfolder of `root`
    /// that is named by the conditions' fingerprint: vectors of other conditions are never found.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`, `.vectorsInUse`, `.damagedVectors`.
    package convenience init(cacheIn root: URL, of conditions: VectorConditions) throws {
        let folder = root.appending(path: try conditions.fingerprint())
        try self.init(cacheIn: root, folder: folder, of: conditions)
    }

    /// Opens or creates a cache in a folder of any name in `root`.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`, `.vectorsInUse`, `.damagedVectors`.
    convenience init(cacheIn root: URL, folder: URL, of conditions: VectorConditions) throws {
        try self.init(
            in: folder, for: .cache(root: root), width: conditions.dimensions,
            isRagged: conditions.tokenVectors != nil, settings: try conditions.json()
        ) { stored in
            let found: VectorConditions
            do {
                found = try JSONDecoder().decode(VectorConditions.self, from: stored)
            } catch {
                throw VectorError.damagedVectors(
                    folder: folder.path, reason: "settings.json cannot be read")
            }
            guard found == conditions else {
                throw VectorError.damagedVectors(
                    folder: folder.path, reason: "settings.json is of other vectors")
            }
        }
    }

    /// What the vectors are stored for, which determines the errors.
    enum Purpose: Sendable, Hashable {
        /// Vectors that later runs find by key, in a subfolder of `root`.
        case cache(root: URL)
        /// The progress of a run that writes `output`.
        case progress(output: URL)

        /// The error for files that cannot be created.
        func cannotOpen(_ error: SystemFileError) -> VectorError {
            switch self {
            case .cache(let root):
                .cannotKeepVectors(path: root.path, reason: error.reason)
            case .progress(let output):
                .cannotWrite(
                    path: output.path, reason: "its folder \(error.path): \(error.reason)")
            }
        }

        /// The error for a file that cannot be read.
        func cannotRead(_ file: URL, _ error: any Error) -> VectorError {
            switch self {
            case .cache: .cannotKeepVectors(path: file.path, reason: error.fileReason)
            case .progress: .damagedProgress(file: file.path, reason: error.fileReason)
            }
        }

        /// The error for a file that cannot be changed.
        func cannotWrite(_ error: SystemFileError, in folder: URL) -> VectorError {
            switch self {
            case .cache: .cannotKeepVectors(path: folder.path, reason: error.reason)
            case .progress: .cannotWrite(path: error.path, reason: error.reason)
            }
        }

        /// The error for a store that another process uses.
        func inUse(_ folder: URL) -> VectorError {
            switch self {
            case .cache: .vectorsInUse(folder: folder.path)
            case .progress: .inUse(folder: folder.path)
            }
        }

        /// The error for contents that were changed or cannot be interpreted.
        func damage(_ file: URL, _ reason: String) -> VectorError {
            switch self {
            case .cache:
                .damagedVectors(folder: file.deletingLastPathComponent().path, reason: reason)
            case .progress: .damagedProgress(file: file.path, reason: reason)
            }
        }
    }
}
