package import Foundation

/// The locations of this repository's files for tests.
package enum Repository {
    /// The folder that contains `Package.swift`.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The golden files, with a folder for each part.
    package static let fixtures = root.appending(path: "Tests/Fixtures")

    /// The data set that the recipes and the demo use.
    package static let exampleData = root.appending(path: "examples/data")

    /// The images that the records of `exampleData` refer to.
    package static let exampleImages = exampleData.appending(path: "images.zip")

    /// A Qwen2.5-VL checkpoint of width 32 in two bfloat16 shards, with a tokenizer.
    package static let tinyCheckpoint = fixtures.appending(path: "model/checkpoint_newer")
}
