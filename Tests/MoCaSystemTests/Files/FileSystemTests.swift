import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaSystem

/// Folders that are made, and the space around them.
struct FileSystemTests {
    /// The parent of `a/..` is longer than it, which must not be followed for ever.
    @Test func aParentOfAMissingFolderIsAnError() throws {
        try withTemporaryFolder { folder in
            let url = URL(fileURLWithPath: folder.path + "/missing/../new/folder")
            #expect(throws: SystemFileError.self) { try FileSystem.makeFolder(url) }
            let free = try FileSystem.freeBytes(at: url)
            #expect(free > 0)
        }
    }
}
