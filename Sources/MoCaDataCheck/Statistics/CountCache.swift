// Caches counts between runs, by a hash of the counted data.

package import Foundation
package import MoCaSystem
import MoCaTables

/// Files of counts in one folder. A file's name is a hash of the record files' bytes and of all
/// settings that affect a count. Image files are checked by their file system state, and counts are
/// returned only if none has changed.
package struct CountCache: Sendable {
    private static let version = "counts 3"

    /// The folder of the files.
    package let folder: URL

    /// A cache in `folder`, which is created when counts are stored.
    package init(folder: URL) {
        self.folder = folder
    }

    /// The folder of the user's caches, `$XDG_CACHE_HOME` or `~/.cache`, then `moca/counts`.
    package static var standardFolder: URL {
        let root =
            ProcessInfo.processInfo.environment["XDG_CACHE_HOME"]
            .flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0, isDirectory: true) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
        return root.appending(path: "moca/counts")
    }

    /// The hash of a subset's record files and of the settings of the count.
    ///
    /// - Throws: `DataError`, `DataCheckError.cannotRead`.
    func key(of reader: SubsetReader, images: URL, meter: TokenMeter) throws -> String {
        var hasher = ContentHasher()
        hasher.add(Self.version)
        hasher.add(meter.fingerprint)
        hasher.add(reader.kind.rawValue)
        // A prompt may depend on the subset's name.
        hasher.add(reader.name)
        hasher.add(images.standardizedFileURL.path)
        for file in try dataFiles(in: reader.folder) {
            hasher.add(try Self.identity(ofFile: file))
        }
        return hasher.id.text
    }

    /// The hash of a file's bytes.
    ///
    /// - Throws: `DataCheckError.cannotRead`.
    package static func identity(ofFile url: URL) throws -> ContentID {
        do {
            return ContentID(of: try Data(contentsOf: url, options: .mappedIfSafe))
        } catch {
            throw DataCheckError.cannotRead(path: url.path, reason: error.localizedDescription)
        }
    }

    private func file(_ key: String) -> URL { folder.appending(path: "\(key).counts") }

    /// The counts of a key; nil if there are none, if they are damaged, or if an image has changed
    /// since.
    func counts(_ key: String) -> SubsetCounts? {
        guard case .success(let data) = Result(catching: { try Data(contentsOf: file(key)) }),
            case .success(let stored) = Result(catching: {
                try PropertyListDecoder().decode(StoredCounts.self, from: data)
            }),
            let counts = stored.counts
        else { return nil }
        let isCurrent = counts.images.allSatisfy { image in
            image.path.isEmpty || ImageStamp.FileState(path: image.path) == image.state
        }
        return isCurrent ? counts : nil
    }

    /// Stores counts for later runs.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    func keep(_ counts: SubsetCounts, _ key: String) throws {
        do {
            try FileSystem.makeFolder(folder)
            let encoder = PropertyListEncoder()
            encoder.outputFormat = .binary
            try AtomicFile.write(encoder.encode(StoredCounts(counts)), to: file(key))
        } catch {
            throw DataCheckError.cannotWrite(
                path: file(key).path, reason: error.fileReason)
        }
    }
}

/// Counts as columns of fixed width.
private struct StoredCounts: Codable {
    var records: Data
    var lengths: Data
    /// The paths, each ended by a zero byte.
    var paths: Data
    var images: Data

    init(_ counts: SubsetCounts) {
        records = Self.data(
            counts.records.flatMap {
                [UInt32($0.text), UInt32($0.image), UInt32($0.images), UInt32($0.longest)]
            })
        lengths = Self.data(counts.lengths)
        paths = Data(counts.images.flatMap { Array($0.path.utf8) + [0] })
        images = Self.data(
            counts.images.flatMap { image in
                [
                    Int64(image.width), Int64(image.height), image.state.size,
                    image.state.modified, image.state.changed,
                    Int64(bitPattern: image.state.inode),
                ]
            })
    }

    /// The decoded counts; nil if the columns are inconsistent.
    var counts: SubsetCounts? {
        let numbers = Self.numbers(records, of: UInt32.self)
        let names = paths.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        let stamps = Self.numbers(images, of: Int64.self)
        guard numbers.count % 4 == 0, stamps.count == 6 * names.count else { return nil }
        let records = stride(from: 0, to: numbers.count, by: 4).map { start in
            var count = TokenCount()
            (count.text, count.image) = (Int(numbers[start]), Int(numbers[start + 1]))
            (count.images, count.longest) = (Int(numbers[start + 2]), Int(numbers[start + 3]))
            return count
        }
        let images = names.enumerated().map { index, name in
            let values = stamps[6 * index..<6 * index + 6].map { $0 }
            return ImageStamp(
                path: String(decoding: name, as: UTF8.self), width: Int(values[0]),
                height: Int(values[1]),
                state: .init(
                    size: values[2], modified: values[3], changed: values[4],
                    inode: UInt64(bitPattern: values[5])))
        }
        return SubsetCounts(
            records: records, lengths: Self.numbers(lengths, of: UInt32.self), images: images)
    }

    private static func data<Number>(_ numbers: [Number]) -> Data {
        numbers.withUnsafeBytes { Data($0) }
    }

    private static func numbers<Number>(_ data: Data, of type: Number.Type) -> [Number] {
        data.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<Number>.size).map {
                bytes.loadUnaligned(
                    fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self)
            }
        }
    }
}
