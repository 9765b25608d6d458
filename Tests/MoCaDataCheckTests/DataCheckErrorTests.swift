import MoCaCore
import Testing

@testable import MoCaDataCheck

@Suite struct DataCheckErrorTests {
    static let cases: [(DataCheckError, FailureKind, String)] = [
        (
            .noRecords(folders: ["a", "b"]), .inputMissing,
            "nothing to check (a, b): there are no records; name folders that hold data files"
        ),
        (
            .unknownColumns(folder: "a", columns: ["x", "y"]), .badData,
            "records are of no known kind (a): the columns are [x, y]; give records of training: text and images, or qry, pos_text and their images"
        ),
        (
            .mixedKinds(first: "a", second: "b"), .badConfiguration,
            "folders do not belong together (a, b): one has pairs, the other texts; check the two stages of training one after the other"
        ),
        (
            .noEvaluationSets(folder: "a"), .inputMissing,
            "no evaluation sets (a): there are neither records with qry_text nor the folders corpus, queries and qrels; name a set, or a folder of sets"
        ),
        (
            .errorsFound(records: 2, of: 9, files: 0), .badData,
            "data have errors (2 of 9 records): they cannot be trained on; mend them, or leave them out by a quarantine within a maximum rate of errors"
        ),
        (
            .errorsFound(records: 2, of: 9, files: 1), .badData,
            "data have errors (2 of 9 records, 1 files or parts of files): they cannot be trained on; mend the files first: only single records can be left out"
        ),
        (
            .cannotWrite(path: "p", reason: "R"), .cannotCreateOutput,
            "output cannot be written (p): R; check the path, its permissions and the free space"
        ),
        (
            .cannotRead(path: "p", reason: "R"), .inputOutput,
            "file cannot be read (p): R; check its permissions and the disk"
        ),
        (
            .cannotCount(place: "p", reason: "R"), .badData,
            "record cannot be counted (p): R; see what a check of the data finds; leave it out by a quarantine"
        ),
    ]

    @Test(arguments: cases.indices)
    func text(index: Int) {
        let (error, kind, text) = Self.cases[index]
        #expect(error.kind == kind)
        #expect(error.oneLine == text)
    }
}
