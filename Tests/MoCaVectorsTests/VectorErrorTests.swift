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
                + "another output"
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
                + "compute in float32, and check the weights for NaN or infinity"
        ),
        (
            .otherSettings(folder: "a.npy.progress", names: ["dtype", "model"]), .badConfiguration,
            "run cannot be continued (a.npy.progress): it was started with another dtype, model; "
                + "run again as before, or start anew"
        ),
        (
            .otherRecords(folder: "a.npy.progress", count: 7), .badConfiguration,
            "run cannot be continued (a.npy.progress): its first 7 records are not those of the "
                + "input; run again as before, or start anew"
        ),
        (
            .damagedProgress(file: "vectors.bin", reason: "it is too short"), .inputOutput,
            "run cannot be continued (vectors.bin): it is too short; "
                + "run again as before, or start anew"
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
                + "run it again, and resume"
        ),
        (
            .sharedStream, .badConfiguration,
            "input cannot be shared (standard input): only one process can read it; write it to a "
                + "file, and name the file"
        ),
        (
            .noParts(path: "a.npy"), .inputMissing,
            "parts are missing (a.npy): there is no part beside it; embed the shards with this "
                + "output first, or name the folders of their parts"
        ),
        (
            .notAPart(path: "a"), .inputMissing,
            "part cannot be read (a): it is neither the part of a shard nor a folder of parts; name "
                + "folders that embedding a shard has made"
        ),
        (
            .missingParts(folder: "a", shards: [3], count: 4), .inputMissing,
            "parts are missing (a): there is none of shard 3 of 4; embed these shards, or name the "
                + "folders of their parts"
        ),
        (
            .missingParts(folder: "a", shards: [0, 1, 3], count: 4), .inputMissing,
            "parts are missing (a): there is none of shards 0, 1 and 3 of 4; embed these shards, or "
                + "name the folders of their parts"
        ),
        (
            .missingParts(folder: "a", shards: Array(0..<12), count: 13), .inputMissing,
            "parts are missing (a): there is none of shards 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more "
                + "of 13; embed these shards, or name the folders of their parts"
        ),
        (
            .incompleteParts(paths: ["a", "b"]), .inputMissing,
            "parts are incomplete (a, b): their shards have not embedded all of their records; embed "
                + "these shards to their end; what they have is kept"
        ),
        (
            .doubledPart(shard: "1/2", first: "a", second: "b"), .badData,
            "parts cannot be merged (a, b): both are of shard 1/2; name one part of each shard"
        ),
        (
            .partsDiffer(first: "a", second: "b", names: ["dtype", "input"]), .badData,
            "parts cannot be merged (a, b): they are of another dtype, input; embed all shards with "
                + "equal settings, of the same input"
        ),
        (
            .damagedPart(part: "a", reason: "R"), .badData,
            "part is damaged (a): R; remove the folder, and embed the shard again"
        ),
        (
            .mergeInterrupted(output: "a.npy"), .interrupted,
            "merging was interrupted (a.npy): nothing was written, and all parts are kept; run the "
                + "same command again"
        ),
        (
            .waitInterrupted(folder: "a"), .interrupted,
            "wait for other ranks was interrupted (a): what this rank embedded is kept; run the same "
                + "command again"
        ),
        (
            .rankFailed(rank: 1, folder: "a", reason: "R"), .unavailable,
            "rank 1 failed (a): R; mend the cause, and start all ranks again; what they have is kept"
        ),
        (
            .rankDiffers(rank: 1, folder: "a"), .badConfiguration,
            "rank 1 cannot be joined (a): it embeds with another model, version or setting than rank "
                + "0; start all ranks alike"
        ),
        (
            .rankLost(rank: 1, folder: "a", seconds: 600), .unavailable,
            "rank 1 was lost (a): it has shown no sign of life for 600 seconds; see the output of "
                + "its process, check that all ranks share the folder, and start them again; what "
                + "they have is kept"
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
