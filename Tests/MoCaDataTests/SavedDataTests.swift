import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Folders that `save_to_disk` of the datasets library wrote.
@Suite struct SavedDataTests {
    private func catalog(_ name: String) throws -> Catalog<PretrainSample> {
        try Catalog<PretrainSample>(
            folders: [shards.appendingPathComponent(name)], images: ImageStore(root: shards))
    }

    private func texts(_ catalog: Catalog<PretrainSample>) throws -> [String] {
        try (0..<catalog.rowCount).map { row in
            let id = SampleID(subset: catalog.subsets[0].name, row: row)
            guard case .text(let text) = try catalog.sample(id).content.segments.last else {
                return ""
            }
            return text
        }
    }

    @Test func shardsFollowOneAnother() throws {
        let catalog = try catalog("saved-shards")
        #expect(try texts(catalog) == (0..<7).map { "row \($0)" })
        #expect(catalog.shapes[0].blockRows == [3, 2, 2])
        let image = try catalog.sample(SampleID(subset: "saved-shards", row: 1)).content.images
        #expect(image.count == 1)
    }

    @Test func selectionsAreWhatWasSelected() throws {
        #expect(try texts(catalog("saved-selection")) == ["row 6", "row 1", "row 4"])
    }

    @Test func aSplitIsChosenByName() throws {
        #expect(try texts(catalog("saved-splits/test")) == ["row 4", "row 5", "row 6"])
        let folder = shards.appendingPathComponent("saved-splits").path
        #expect(
            dataError { _ = try catalog("saved-splits") }
                == .severalSplits(folder: folder, splits: ["train", "test"]))
    }

    /// Older versions kept a selection as indices beside all rows.
    @Test func selectionsByIndexAreRefused() throws {
        try withTemporaryFolder { folder in
            let state = #"{"_data_files": [{"filename": "a.arrow"}], "_indices_data_files": ["i"]}"#
            let url = folder.appendingPathComponent("state.json")
            try Data(state.utf8).write(to: url)
            #expect(
                dataError { _ = try dataFiles(in: folder) }
                    == .unreadableFile(
                        path: url.path,
                        reason:
                            "'_indices_data_files' selects rows; call flatten_indices() before save_to_disk()"
                    ))
        }
    }
}
