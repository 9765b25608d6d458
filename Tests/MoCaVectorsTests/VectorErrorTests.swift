import MoCaCore
import MoCaProcessing
import Testing
@testable import MoCaVectors

@Suite struct VectorErrorTests {
    static let table: [(VectorError, FailureKind, String)] = [
        (
            .damagedVectors(folder: "F", reason: "R"), .badData,
            "kept vectors cannot be used (F): R; remove the folder, and run the same command "
                + "again"
        ),
        (
            .cannotKeepVectors(path: "P", reason: "R"), .cannotCreateOutput,
            "vectors cannot be kept (P): R; check the path, its permissions and the free space"
        ),
        (
            .vectorsInUse(folder: "F"), .unavailable,
            "output is being written (F): another process holds it; wait for it, or name "
                + "another --output"
        ),
        (
            .inputMissing(path: "a.png"), .inputMissing,
            "input is missing (a.png): there is no such file; check the path"
        ),
        (
            .unknownOutput(path: "a.csv"), .cannotCreateOutput,
            "output cannot be written (a.csv): its ending names no format; "
                + "name a .npy, .jsonl, .parquet or .safetensors file"
        ),
        (
            .multiVectorOutput(path: "a.npy"), .cannotCreateOutput,
            "output cannot be written (a.npy): the model gives a vector for each token, and this "
                + "format holds one for each record; name a .safetensors file"
        ),
        (
            .badRecord(record: "in.jsonl, line 3", ProcessingError.emptyInput), .badData,
            "record cannot be embedded (in.jsonl, line 3): input has no tokens (text and images are "
                + "empty): nothing can be embedded; leave the input out, or give it text or an image"
        ),
        (
            .notFinite(record: "in.txt, line 1"), .badData,
            "record cannot be embedded (in.txt, line 1): its vector is not finite; "
                + "use --dtype float32, and check the weights with `moca model info`"
        ),
        (
            .otherSettings(folder: "a.npy.progress", names: ["dtype", "model"]), .badConfiguration,
            "run cannot be continued (a.npy.progress): it was started with another dtype, model; "
                + "run again as before, or without --resume to start anew"
        ),
        (
            .otherRecords(folder: "a.npy.progress", count: 7), .badConfiguration,
            "run cannot be continued (a.npy.progress): its first 7 records are not those of the "
                + "input; run again as before, or without --resume to start anew"
        ),
        (
            .damagedProgress(file: "vectors.bin", reason: "it is too short"), .inputOutput,
            "run cannot be continued (vectors.bin): it is too short; "
                + "run again as before, or without --resume to start anew"
        ),
        (
            .inUse(folder: "a.npy.progress"), .unavailable,
            "output is being written (a.npy.progress): another process holds it; "
                + "wait for it, or name another output"
        ),
        (
            .cannotWrite(path: "/a.npy", reason: "Permission denied"), .cannotCreateOutput,
            "output cannot be written (/a.npy): Permission denied; "
                + "check the folder, its permissions and the free space"
        ),
        (
            .interrupted(output: "a.npy", kept: 12), .interrupted,
            "run was interrupted (a.npy): 12 records are done and kept; "
                + "run the same command with --resume"
        ),
        (
            .recordsLeftOut(count: 1, total: 9, list: "a.npy.errors.jsonl"), .badData,
            "records were left out (a.npy.errors.jsonl): 1 of 9 cannot be embedded; "
                + "mend the records that the list names"
        ),
    ]

    @Test(arguments: table.indices)
    func text(index: Int) {
        let (error, kind, text) = Self.table[index]
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
