// The token counts of every record of one subset.

import Foundation

/// The counts of one subset: about 20 bytes per record and 100 per image.
struct SubsetCounts: Sendable {
    /// The number of records that were not counted, and the first reason.
    struct Failures: Sendable {
        var count = 0
        var first: String?
    }

    /// The counts by row; a record that could not be counted has `longest` 0.
    private(set) var records: [TokenCount] = []
    /// The number of tokens of every content.
    private(set) var lengths: [UInt32] = []
    /// The distinct images, in the order of their first use.
    private(set) var images: [ImageStamp] = []
    var failures = Failures()

    init() {}

    init(records: [TokenCount], lengths: [UInt32], images: [ImageStamp]) {
        (self.records, self.lengths, self.images) = (records, lengths, images)
    }

    mutating func add(_ record: TokenCount, lengths: [UInt32]) {
        records.append(record)
        self.lengths += lengths
    }

    mutating func add(_ image: ImageStamp) { images.append(image) }
}

/// The state of an image when it was counted.
struct ImageStamp: Sendable, Hashable {
    /// The file that contains the image's bytes; for an image in a zip or tar, the archive. Empty
    /// for an image inside a record, which the hash of the record's file covers.
    var path: String
    var width: Int
    var height: Int
    var state = FileState()

    /// The file system's record of a file; any change of the file's bytes changes it.
    struct FileState: Sendable, Hashable {
        var size: Int64 = 0
        var modified: Int64 = 0
        /// The time of the last write or rename, which programs cannot set.
        var changed: Int64 = 0
        var inode: UInt64 = 0
    }
}

extension ImageStamp.FileState {
    /// The state of a file; nil if it does not exist.
    init?(path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        size = Int64(found.st_size)
        #if os(Linux)
            let (written, altered) = (found.st_mtim, found.st_ctim)
        #else
            let (written, altered) = (found.st_mtimespec, found.st_ctimespec)
        #endif
        modified = Int64(written.tv_sec) * 1_000_000_000 + Int64(written.tv_nsec)
        changed = Int64(altered.tv_sec) * 1_000_000_000 + Int64(altered.tv_nsec)
        inode = UInt64(found.st_ino)
    }
}
