import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaHub

/// A listing is not trusted, and decides what is fetched.
@Suite(.serialized) struct ListingTests {
    private let name = HubReference(kind: .model, name: "org/name")

    /// The commit of a listing becomes a path.
    @Test func commitsOfListingsAreChecked() throws {
        try withHub { hub, trial in
            try put(wholeModel.mapValues { Data($0.utf8) }, in: hub)
            for commit in ["../../../x", "main", String(repeating: "g", count: 40)] {
                try hub.fail("{\"commit\": {\"sha\": \"\(commit)\"}}")
                guard
                    case .badCommit(_, commit) = hubError({
                        _ = try trial.models().snapshot(name)
                    })
                else {
                    Issue.record("no error for \(commit)")
                    continue
                }
            }
            #expect(!FileManager.default.fileExists(atPath: trial.cache.path))
        }
    }

    /// Small files have no SHA-256, but the hash by which Git names them.
    @Test func wrongHashesOfSmallFilesAreRefused() throws {
        try withHub { hub, trial in
            try put(wholeModel.mapValues { Data($0.utf8) }, in: hub)
            let wrong = String(repeating: "0", count: 40)
            try hub.fail("{\"hash of moca.json\": {\"blob\": \"\(wrong)\"}}")
            // printf '{}' | git hash-object --stdin
            #expect(
                hubError { _ = try trial.models().snapshot(name) }
                    == .wrongHash(
                        file: "org/name/moca.json", expected: wrong,
                        found: "9e26dfeeb6e641a33dae4961196235bdb965b21b"))
        }
    }

    /// A listing that leads out of the snapshot, or names no usable blob.
    @Test func listingsAreNotTrusted() throws {
        try withTemporaryFolder { folder in
            let trial = HubTrial(folder)
            for file in [
                HubFile(path: "../../x.json", size: 1, blobID: "ab"),
                HubFile(path: "x.json", size: 1, blobID: "../x"),
                HubFile(path: "x.json", size: 1),
            ] {
                let files = [
                    file, HubFile(path: "config.json", size: 1, blobID: "../y"),
                    HubFile(path: "model.safetensors", size: 1, blobID: "../z"),
                ]
                let download = SnapshotDownload(
                    repository: name, content: .model,
                    listing: HubListing(commit: HubTrial.commit, files: files),
                    cache: trial.models().cache, access: HubAccess([:]),
                    context: TransferContext(environment: [:]))
                #expect(throws: HubError.self) { _ = try download.run() }
            }
            #expect(HubCache.paths(below: folder).isEmpty)
        }
    }
}
