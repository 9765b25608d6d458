import MoCaCore
import Testing

@testable import Safetensors

/// Every case, exact text.
struct SafetensorsErrorTests {
    @Test(arguments: [
        (
            SafetensorsError.missing(file: "F"),
            "cannot open safetensors file (F): it does not exist; check the path, and that it "
                + "holds the checkpoint that you mean"
        ),
        (
            .unreadable(file: "F", reason: "R"),
            "cannot read safetensors file (F): R; check that it is a readable file"
        ),
        (
            .noHeader(file: "F", size: 3),
            "not a safetensors file (F): it has 3 bytes, fewer than the 8 of the header length; "
                + again
        ),
        (
            .headerLength(file: "F", length: 0),
            "not a safetensors file (F): its header length is 0 bytes, allowed are 1 to "
                + "100000000; " + again
        ),
        (
            .headerPastEnd(file: "F", length: 9, size: 10),
            "truncated safetensors file (F): the header needs 9 bytes after the first 8, the "
                + "file has 10; " + again
        ),
        (
            .truncated(file: "F", tensor: "T", expected: 9, found: 8),
            "truncated safetensors file (F, tensor 'T'): it ends at byte 9, the file has 8; "
                + again
        ),
        (
            .trailingBytes(file: "F", count: 2),
            "invalid safetensors file (F): 2 bytes at its end belong to no tensor; " + again
        ),
        (
            .invalidHeader(file: "F", byte: 9, reason: "R"),
            "invalid safetensors header (F, byte 9): R; " + anew
        ),
        (
            .invalidEntry(file: "F", tensor: "T", byte: 9, reason: "R"),
            "invalid safetensors header (F, tensor 'T', byte 9): R; " + anew
        ),
        (
            .duplicateName(file: "F", tensor: "T"),
            "duplicate tensor (F, tensor 'T'): the name stands twice; " + anew
        ),
        (
            .unknownDType(file: "F", tensor: "T", dtype: "Q"),
            "unknown dtype (F, tensor 'T'): 'Q' is no type of the format; convert the tensor to "
                + "one of BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, "
                + "F8_E4M3FNUZ, F8_E5M2FNUZ, I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, "
                + "U64"
        ),
        (
            .invalidShape(file: "F", tensor: "T", shape: [2, -1], reason: "R"),
            "invalid shape (F, tensor 'T'): R in [2, -1]; " + anew
        ),
        (
            .invalidOffsets(file: "F", tensor: "T", begin: 4, end: 2),
            "invalid offsets (F, tensor 'T'): begin 4, end 2; " + anew
        ),
        (
            .sizeMismatch(file: "F", tensor: "T", expected: 8, found: 4),
            "wrong tensor size (F, tensor 'T'): dtype and shape need 8 bytes, the offsets span "
                + "4; " + anew
        ),
        (
            .overlap(file: "F", tensor: "T", other: "S"),
            "overlapping tensors (F, tensor 'T'): it begins inside 'S'; " + anew
        ),
        (
            .hole(file: "F", tensor: "T", begin: 4, end: 8),
            "unused bytes (F, before tensor 'T'): data bytes 4 to 8 belong to no tensor; " + anew
        ),
        (
            .unknownTensor(file: "F", tensor: "T"),
            "no such tensor (F): it holds no 'T'; check the path, and that it holds the "
                + "checkpoint that you mean"
        ),
    ])
    func texts(_ error: SafetensorsError, _ text: String) {
        #expect(error.oneLine == text)
    }

    @Test(arguments: [
        (
            SafetensorsError.onlyPickle(folder: "D", file: "F"),
            "no safetensors (D): its weights are a pickle (F), which can run any program when it is "
                + "read; convert it with transformers or peft, save_pretrained(FOLDER, "
                + "safe_serialization=True), or take a copy with safetensors"
        ),
        (
            SafetensorsError.noCheckpoint(folder: "D"),
            "no checkpoint (D): it holds neither model.safetensors nor "
                + "model.safetensors.index.json; check the path, and that it holds the "
                + "checkpoint that you mean"
        ),
        (
            .invalidIndex(file: "F", byte: 9, reason: "R"),
            "invalid shard index (F, byte 9): R; " + together
        ),
        (
            .invalidShardName(file: "F", shard: "../S"),
            "invalid shard index (F): '../S' is not the name of a file beside it; " + together
        ),
        (
            .missingShard(file: "F", shard: "S"),
            "missing shard (F): S does not exist; fetch the shard, and put it beside the index"
        ),
        (
            .notInShard(file: "F", tensor: "T", shard: "S"),
            "tensor not in its shard (F, tensor 'T'): S does not hold it; " + together
        ),
        (
            .inTwoShards(file: "F", tensor: "T", first: "S", second: "R"),
            "tensor in two shards (F, tensor 'T'): S and R hold it; " + together
        ),
        (
            .cannotCreate(file: "F", reason: "R"),
            "cannot create safetensors file (F): R; check that the folder exists and is "
                + "writable"
        ),
        (
            .beingWritten(file: "F"),
            "cannot create safetensors file (F): another process is writing it; wait for it, or "
                + "choose another path"
        ),
        (
            .writeFailed(file: "F", reason: "R"),
            "cannot write (F): R; check the free space of the disk, and write again"
        ),
        (
            .wrongOrder(file: "F", tensor: "T", expected: "S"),
            "tensor out of order (F, tensor 'T'): the next one is 'S'; append the tensors in the "
                + "order in which they were declared"
        ),
        (
            .tooManyBytes(file: "F", tensor: "T", expected: 4, found: 5),
            "too many bytes (F, tensor 'T'): 4 were declared, 5 came; append exactly the bytes "
                + "that dtype and shape declare"
        ),
        (
            .unfinished(file: "F", tensor: "T", missing: 4),
            "unfinished safetensors file (F, tensor 'T'): 4 bytes are missing; append exactly "
                + "the bytes that dtype and shape declare"
        ),
        (
            .checkpointExists(file: "F"),
            "cannot write checkpoint (F): another checkpoint lies in the folder; choose an empty "
                + "folder, or remove the old checkpoint"
        ),
    ])
    func textsOfCheckpointsAndWriting(_ error: SafetensorsError, _ text: String) {
        #expect(error.oneLine == text)
    }

    @Test func exitStatus() {
        #expect(SafetensorsError.missing(file: "F").kind == .inputMissing)
        #expect(SafetensorsError.unreadable(file: "F", reason: "R").kind == .inputOutput)
        #expect(SafetensorsError.trailingBytes(file: "F", count: 1).kind == .badData)
        #expect(SafetensorsError.beingWritten(file: "F").kind == .cannotCreateOutput)
        #expect(
            SafetensorsError.unfinished(file: "F", tensor: "T", missing: 1).kind
                == .internalFailure)
    }

    private static let again =
        "fetch or copy the file again, and compare its size with the original's"
    private static let anew = "fetch the file again, or write it anew with the program that made it"
    private static let together =
        "fetch the index and its shards again, all from the same place"
}
