import MoCaCore
import Testing

@testable import MoCaData

@Suite struct DataErrorTests {
    private static let row = RecordLocation(file: "a.parquet", place: .row(7, block: 1))
    private static let line = RecordLocation(file: "a.jsonl", place: .line(3))

    static let cases: [(DataError, FailureKind, String)] = [
        (
            .fileMissing(path: "x"), .inputMissing,
            "cannot open data (x): there is no such file; check the path"
        ),
        (
            .unknownFormat(path: "x"), .badData,
            "cannot open data (x): the ending names no known format; give a .parquet, .arrow, .jsonl or .txt file"
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
            "missing image (a.jsonl, line 3): there is no file /i.jpg; set the image folder ('images:' in a recipe, else --images)"
        ),
        (
            .unreadableDataURL(line, reason: "R"), .badData,
            "unreadable image (a.jsonl, line 3): R; write data:image/TYPE;base64,DATA"
        ),
        (
            .noDataFiles(folder: "x", subfolders: []), .inputMissing,
            "no data (x): the folder holds no .parquet, .arrow or .jsonl file; name a folder that holds data files"
        ),
        (
            .noDataFiles(folder: "x", subfolders: ["a", "b"]), .inputMissing,
            "no data (x): the folder holds no .parquet, .arrow or .jsonl file, only the folders [a, b]; name the folders below it, each is one subset"
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
    ]

    @Test(arguments: cases)
    func everyCaseSaysWhatWhereWhyAndHow(error: DataError, kind: FailureKind, text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
