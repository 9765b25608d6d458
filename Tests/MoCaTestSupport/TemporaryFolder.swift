package import Foundation

/// A new empty folder, removed together with this object.
package final class TemporaryFolder: Sendable {
    /// The folder's URL, without symbolic links.
    package let url: URL

    /// Creates the folder.
    package init() throws {
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        url = parent.appending(
            path: "moca-test-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { remove() }

    /// Removes the folder now. A `defer` with this call keeps the folder until the end of a scope.
    package func remove() {
        // Failing to remove the folder does not fail the test.
        try? FileManager.default.removeItem(at: url)
    }

    /// The sorted names of the folder's entries.
    package func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }

    /// Writes a text file below the folder, creating intermediate folders.
    package func write(_ text: String, to path: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}

/// Calls `body` with a new folder, and removes the folder afterwards.
@discardableResult
package func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try body(folder.url)
}

/// Calls `body` with a new folder, and removes the folder afterwards.
@_disfavoredOverload
@discardableResult
package func withTemporaryFolder<Result>(
    _ body: (URL) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder.url)
}
