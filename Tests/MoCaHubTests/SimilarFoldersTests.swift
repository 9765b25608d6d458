import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaHub

/// Paths that were mistyped.
struct SimilarFoldersTests {
    /// What exists is named, and the reason why the Hub has no model of the name.
    @Test func similarFolders() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            for name in ["runs/model", "runs/modem", "runs/other", "models/nano"] {
                try trial.write("{}", "\(name)/config.json")
            }
            let root = folder.path
            #expect(SimilarFolders.of("\(root)/runs/modle") == ["\(root)/runs/model"])
            #expect(
                SimilarFolders.of("\(root)/runs/modeI")
                    == ["\(root)/runs/model", "\(root)/runs/modem"])
            #expect(SimilarFolders.of("\(root)/run/model") == ["\(root)/runs/model"])
            #expect(SimilarFolders.of("\(root)/run/nano").isEmpty)
            #expect(SimilarFolders.of("\(root)/elsewhere/nano").isEmpty)
            let models = trial.models(isOffline: true)
            #expect(
                hubError {
                    try models.naming("\(root)/models/nan") { () throws -> Void in
                        throw HubError.notCached(name: "models/nan", cache: "C")
                    }
                }
                    == .noFolder(
                        path: "\(root)/models/nan", similar: ["\(root)/models/nano"],
                        .notCached(name: "models/nan", cache: "C")))
        }
    }

    @Test(arguments: [
        ("", "ab", 2), ("model", "model", 0), ("modle", "model", 1), ("kitten", "sitting", 3),
    ])
    func distances(first: String, second: String, expected: Int) {
        #expect(SimilarFolders.distance(first, second) == expected)
        #expect(SimilarFolders.distance(second, first) == expected)
    }
}
