// The token counts of every record of one subset.

import Foundation

/// Counts of one subset: about 20 bytes a record and 100 an image.
struct SubsetCounts: Sendable {
    /// Why some records were not counted.
    struct Failures: Sendable {
        var count = 0
        var first: String?
    }

    /// By row; a record that could not be counted has `longest` 0.
    private(set) var records: [TokenCount] = []
    /// Tokens of every content.
    private(set) var lengths: [UInt32] = []
    /// Distinct images, in the order of their first use.
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

/// An image as it was when it was counted.
struct ImageStamp: Sendable, Hashable {
    /// The file that its bytes are in: of an image in a zip or tar, that one. Empty for an image
    /// inside a record, which the hash of the record's file covers.
    var path: String
    var width: Int
    var height: Int
    var state = FileState()

    /// What the file system says of a file; any change of its bytes changes it.
    struct FileState: Sendable, Hashable {
        var size: Int64 = 0
        var modified: Int64 = 0
        /// Changed with every write and rename, and not to be set by a program.
        var changed: Int64 = 0
        var inode: UInt64 = 0
    }
}

extension ImageStamp.FileState {
    /// The state of a file; nil where there is none.
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
