import Foundation
import MoCaData
import MoCaTestSupport
import Testing
@testable import MoCaDataCheck

@Suite struct LeakTests {
    private static let query = "Find it: the harbour at night in winter"

    /// A picture of training, one of evaluation that looks like it, and a page of both.
    private func writeImages(_ folder: URL) throws -> URL {
        let images = folder.appending(path: "images")
        try FileManager.default.createDirectory(
            at: images, withIntermediateDirectories: true)
        try writePicture(images.appending(path: "t.png")) { x, y in x * x / 9 + y * 3 }
        try writePicture(images.appending(path: "e.png")) { x, y in
            x * x / 9 + y * 3 + (x == 40 && y == 40 ? 2 : 0)
        }
        try FileManager.default.copyItem(
            at: pictures.appending(path: "rgb_97x151.png"),
            to: images.appending(path: "page.png"))
        return images
    }

    /// A set of each layout below one folder.
    private func writeSets(_ folder: URL, _ images: URL) throws -> URL {
        let sets = folder.appending(path: "sets")
        try write(
            [
                #"{"qry_text": "\#(Self.query)", "tgt_text": ["x"], "tgt_img_path": ["e.png"]}"#,
                #"{"qry_text": "other", "tgt_text": ["z"], "tgt_img_path": ["absent.png"]}"#,
            ], "mmeb", in: sets)
        let pages = sets.appending(path: "pages")
        let page = images.appending(path: "page.png").path
        try write(
            [#"{"corpus-id": 1, "image": "\#(page)"}"#], "corpus", in: pages)
        try write(
            [#"{"query-id": 1, "query": "how wide is the BRIDGE?"}"#], "queries", in: pages)
        try write(
            [#"{"query-id": 1, "corpus-id": 1, "score": 1}"#], "qrels", in: pages)
        return sets
    }

    @Test func leaksAreFoundInBothLayouts() throws {
        try withTemporaryFolder { folder in
            let images = try writeImages(folder)
            let training = try write(
                [
                    try pair(Self.query, "x", ["pos_image_path": "t.png"]),
                    try pair("Show me: THE HARBOUR at night in winter", "y"),
                    try pair("a question of nobody", "z", ["pos_image_path": "page.png"]),
                    try pair("How wide is the bridge?", "w"),
                ], "train", in: folder)
            let sets = try writeSets(folder, images)
            let result = try check([training], images: images, in: folder) {
                $0.evaluationFolders = [sets]
            }
            #expect(
                result.list == [
                    "leaked_image warning train#2", "leaked_near_image warning train#0",
                    "leaked_text warning train#0", "leaked_text warning train#1",
                    "leaked_text warning train#3", "missing_image warning mmeb#1",
                ])
            #expect(result.summary.evaluation == .init(queries: 2, images: 2))
            try result.summary.requireTrainable(isQuarantined: false)
            #expect(throws: DataCheckError.noEvaluationSets(folder: training.path)) {
                _ = try check([training], images: images, in: folder) {
                    $0.evaluationFolders = [training]
                }
            }
        }
    }
}
