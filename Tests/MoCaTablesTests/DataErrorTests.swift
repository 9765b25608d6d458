import MoCaCore
import Testing
@testable import MoCaTables

@Suite struct DataErrorTests {
    private static let row = RecordLocation(file: "a.parquet", place: .row(7, block: 1))
    private static let sample = RecordLocation(
        file: "a.tar", place: .sample(4, key: "p/0004"))
    private static let line = RecordLocation(file: "a.jsonl", place: .line(3))

    static let cases: [(DataError, FailureKind, String)] = [
        (
            .fileMissing(path: "x"), .inputMissing,
            "cannot open data (x): there is no such file; check the path"
        ),
        (
            .unknownFormat(path: "x"), .badData,
            "cannot open data (x): the ending names no known format; give a .parquet, .arrow, .jsonl, .tar or .txt file"
        ),
        (
            .unreadableFile(path: "x", reason: "R"), .badData,
            "cannot open data (x): R; the file is damaged or not what its ending says: download or write it again"
        ),
        (
            .inputOutput(path: "x", reason: "R"), .inputOutput,
            "cannot read data (x): R; check the permissions and the disk"
        ),
        (
            .damagedBlock(path: "x.parquet", block: 2, reason: "R"), .badData,
            "cannot read data (x.parquet, row group 2): R; the file is damaged or not what its ending says: download or write it again"
        ),
        (
            .damagedBlock(path: "x.arrow", block: 2, reason: "R"), .badData,
            "cannot read data (x.arrow, record batch 2): R; the file is damaged or not what its ending says: download or write it again"
        ),
        (
            .damagedBlock(path: "x.tar", block: 2, reason: "R"), .badData,
            "cannot read data (x.tar, block of samples 2): R; the file is damaged or not what its ending says: download or write it again"
        ),
        (
            .damagedStream(path: "x.jsonl.gz", line: 7, reason: "R"), .badData,
            "cannot read data (x.jsonl.gz, line 7): R; the file is damaged or not what its ending says: download or write it again"
        ),
        (
            .malformedSample(sample, reason: "R"), .badData,
            "malformed record (a.tar, row 4, sample p/0004): R; write the members of a sample one after the other, each once"
        ),
        (
            .cannotUnpack(path: "x.jsonl.gz", folder: "/t", reason: "R"), .cannotCreateOutput,
            "cannot decompress data (x.jsonl.gz): R in /t; set TMPDIR to a folder with more room than /t, or decompress the file"
        ),
        (
            .unreadableArchive(path: "x.zip", entry: "a.jpg", reason: "R"), .badData,
            "cannot read archive (x.zip, entry a.jpg): R; the archive is damaged: download or write it again"
        ),
        (
            .unreadableArchive(path: "x.zip", entry: nil, reason: "R"), .badData,
            "cannot read archive (x.zip): R; the archive is damaged: download or write it again"
        ),
        (
            .archiveOutOfOrder(path: "x.tar.gz"), .badData,
            "cannot read archive (x.tar.gz): entries of a compressed tar cannot be read one by one; decompress it to a plain .tar, or use a .zip"
        ),
        (
            .archiveMemberMissing(line, archive: "x.zip", member: "a.jpg", nearest: []),
            .inputMissing,
            "missing image (a.jsonl, line 3): x.zip has no entry a.jpg; name an entry as the archive spells it"
        ),
        (
            .archiveMemberMissing(
                line, archive: "x.zip", member: "a.jpg", nearest: ["b/a.jpg", "c/a.jpg"]),
            .inputMissing,
            "missing image (a.jsonl, line 3): x.zip has no entry a.jpg, but b/a.jpg, c/a.jpg; name an entry as the archive spells it"
        ),
        (
            .severalSplits(folder: "x", splits: ["train", "test"]), .inputMissing,
            "no single split (x): the saved data set has the splits [train, test]; name one of them: x/train"
        ),
        (
            .malformedLine(line, reason: "R"), .badData,
            "malformed record (a.jsonl, line 3): R; write one JSON object a line, in UTF-8"
        ),
        (
            .cannotWrite(path: "x", reason: "R"), .cannotCreateOutput,
            "cannot write data (x): R; check that the folder exists, is writable and has room"
        ),
        (
            .columnMissing(path: "x", column: "text", available: ["a", "b"]), .badData,
            "missing column (x): there is no 'text' among [a, b]; rename the column or choose another folder"
        ),
        (
            .columnType(row, column: "c", found: "an integer", expected: "text"), .badData,
            "wrong type (a.parquet, row 7, row group 1, column 'c'): found an integer, expected text; convert the column"
        ),
        (
            .valueMissing(row, column: "c"), .badData,
            "missing value (a.parquet, row 7, row group 1, column 'c'): it is null or absent; fill in the value or drop the row"
        ),
        (
            .invalidText(row, column: "c"), .badData,
            "invalid text (a.parquet, row 7, row group 1, column 'c'): the bytes are not UTF-8; write the text in UTF-8"
        ),
        (
            .listsDiffer(row, columns: ["a", "b"], counts: [2, 1]), .badData,
            "lists of different length (a.parquet, row 7, row group 1): 'a' has 2, 'b' has 1; give both lists the same length, or leave one of them empty"
        ),
        (
            .placeholderCount(line, field: "text", placeholders: 2, images: 1), .badData,
            "image count does not match (a.jsonl, line 3, 'text'): 2 placeholders for 1 images; write one placeholder for each image, or none"
        ),
        (
            .strayImageToken(line, field: "text", token: "<|image_pad|>"), .badData,
            "image token in plain text (a.jsonl, line 3, 'text'): <|image_pad|> stands alone; write a whole placeholder with its image, or remove the token"
        ),
        (
            .emptyContent(line, field: "text"), .badData,
            "empty content (a.jsonl, line 3, 'text'): there is neither text nor image; give a text or an image, or drop the row"
        ),
        (
            .imageMissing(line, path: "/i.jpg"), .inputMissing,
            "missing image (a.jsonl, line 3): there is no file /i.jpg; set the folder of images ('images:' in a recipe)"
        ),
        (
            .unreadableDataURL(line, reason: "R"), .badData,
            "unreadable image (a.jsonl, line 3): R; write data:image/TYPE;base64,DATA"
        ),
        (
            .noDataFiles(folder: "x", subfolders: []), .inputMissing,
            "no data (x): the folder holds no .parquet, .arrow, .jsonl or .tar file; name a folder that holds data files"
        ),
        (
            .noDataFiles(folder: "x", subfolders: ["a", "b"]), .inputMissing,
            "no data (x): the folder holds no .parquet, .arrow, .jsonl or .tar file, only the folders [a, b]; name the folders below it, each is one subset"
        ),
        (
            .duplicateRecord(line, what: "query 'q'"), .badData,
            "record stands twice (a.jsonl, line 3): query 'q' is in the set already; keep one of the two records"
        ),
        (
            .duplicateSubset(name: "x"), .badConfiguration,
            "duplicate subset (x): two folders have this name; rename one of the folders"
        ),
        (
            .badWeights(reason: "R"), .badConfiguration,
            "bad weights (mixture): R; give each subset one positive weight"
        ),
        (
            .subsetTooSmall(name: "x", rows: 3, batchSize: 4), .badConfiguration,
            "subset too small (x): 3 rows cannot fill a batch of 4; choose a smaller batch.size or leave the subset out"
        ),
        (
            .nothingUsable(subset: "x", tried: 3), .badData,
            "no usable samples (x): 3 in a row were left out; look at the records that were left out and their reasons"
        ),
        (
            .sampleOverBudget(SampleID(subset: "x", row: 2), cost: 9, budget: 8), .badConfiguration,
            "sample too large (x#2): it costs 9 tokens of a budget of 8; raise batch.tokens or set a maximum length"
        ),
        (
            .cursorMismatch(reason: "R"), .badConfiguration,
            "data position does not fit (checkpoint): R; train on the same data, or start anew with resume: never"
        ),
        (
            .quarantinedSubsetMissing(
                SampleID(subset: "x", row: 9), file: "f.jsonl", known: ["a", "b/x"]),
            .badConfiguration,
            "quarantine does not fit (x#9): the data has neither a subset 'x' nor the file f.jsonl, but the subsets [a, b/x]; check the folders that you train on together, or remove the line"
        ),
        (
            .quarantinedRowMissing(SampleID(subset: "x", row: 9), rows: 8), .badConfiguration,
            "quarantine does not fit (x#9): the subset has 8 rows; check the data again: the file was made of other data"
        ),
        (
            .tooManyFailures(11, drawn: 1000, maxErrorRate: 0.01, last: "L"), .badData,
            "too many records fail (11 of 1000 drawn): data.max_error_rate is 0.01; the last one: L; correct the records of quarantine.jsonl, or raise data.max_error_rate"
        ),
    ]

    @Test(arguments: cases)
    func everyCaseSaysWhatWhereWhyAndHow(error: DataError, kind: FailureKind, text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
