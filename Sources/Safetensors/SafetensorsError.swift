// Failures of a safetensors file, an index, or a write.

import Foundation
public import MoCaCore

/// A failure while reading or writing a safetensors file.
///
/// `file` is a path, `tensor` a name inside the file, `byte` an offset from the beginning of the
/// file.
public enum SafetensorsError: UserFacingError, Equatable {
    // Reading one file
    case missing(file: String)
    /// Weights as a pickle, which is not read.
    case onlyPickle(folder: String, file: String)
    case unreadable(file: String, reason: String)
    /// A Git LFS pointer in place of the file itself.
    case lfsPointer(file: String)
    case noHeader(file: String, size: Int)
    case headerLength(file: String, length: UInt64)
    case headerPastEnd(file: String, length: Int, size: Int)
    case invalidHeader(file: String, byte: Int, reason: String)
    case invalidEntry(file: String, tensor: String, byte: Int, reason: String)
    case duplicateName(file: String, tensor: String)
    case unknownDType(file: String, tensor: String, dtype: String)
    case invalidShape(file: String, tensor: String, shape: [Int], reason: String)
    case invalidOffsets(file: String, tensor: String, begin: Int, end: Int)
    case sizeMismatch(file: String, tensor: String, expected: Int, found: Int)
    case overlap(file: String, tensor: String, other: String)
    case hole(file: String, tensor: String, begin: Int, end: Int)
    case truncated(file: String, tensor: String, expected: Int, found: Int)
    case trailingBytes(file: String, count: Int)
    case unknownTensor(file: String, tensor: String)
    // Reading a checkpoint of several files
    case noCheckpoint(folder: String)
    case invalidIndex(file: String, byte: Int, reason: String)
    case invalidShardName(file: String, shard: String)
    case missingShard(file: String, shard: String)
    case notInShard(file: String, tensor: String, shard: String)
    case inTwoShards(file: String, tensor: String, first: String, second: String)
    // Writing
    case cannotCreate(file: String, reason: String)
    case beingWritten(file: String)
    case writeFailed(file: String, reason: String)
    case wrongOrder(file: String, tensor: String, expected: String)
    case tooManyBytes(file: String, tensor: String, expected: Int, found: Int)
    case unfinished(file: String, tensor: String, missing: Int)
    case checkpointExists(file: String)

    /// The exit status of a command that ends with this error.
    public var kind: FailureKind {
        switch self {
        case .missing, .noCheckpoint, .missingShard: .inputMissing
        case .unreadable, .writeFailed: .inputOutput
        case .cannotCreate, .beingWritten, .checkpointExists: .cannotCreateOutput
        case .wrongOrder, .tooManyBytes, .unfinished: .internalFailure
        default: .badData
        }
    }

    /// The failure, as `WHAT (WHERE): WHY`.
    public var errorDescription: String? {
        fileDescription ?? tensorDescription ?? checkpointDescription ?? writeDescription
    }

    private var fileDescription: String? {
        switch self {
        case .missing(let file): "cannot open safetensors file (\(file)): it does not exist"
        case .onlyPickle(let folder, let file):
            "no safetensors (\(folder)): its weights are a pickle (\(file)), which can run any program "
                + "when it is read"
        case .unreadable(let file, let reason): "cannot read safetensors file (\(file)): \(reason)"
        case .lfsPointer(let file):
            "cannot read safetensors file (\(file)): it is a Git LFS pointer, not the file itself"
        case .noHeader(let file, let size):
            "not a safetensors file (\(file)): it has \(size) bytes, fewer than the 8 of the "
                + "header length"
        case .headerLength(let file, let length):
            "not a safetensors file (\(file)): its header length is \(length) bytes, allowed are "
                + "1 to \(SafetensorsHeader.lengthMax)"
        case .headerPastEnd(let file, let length, let size):
            "truncated safetensors file (\(file)): the header needs \(length) bytes after the "
                + "first 8, the file has \(size)"
        case .invalidHeader(let file, let byte, let reason):
            "invalid safetensors header (\(file), byte \(byte)): \(reason)"
        case .trailingBytes(let file, let count):
            "invalid safetensors file (\(file)): \(count) bytes at its end belong to no tensor"
        default: nil
        }
    }

    private var tensorDescription: String? {
        switch self {
        case .invalidEntry(let file, let tensor, let byte, let reason):
            "invalid safetensors header (\(file), tensor '\(tensor)', byte \(byte)): \(reason)"
        case .duplicateName(let file, let tensor):
            "duplicate tensor (\(file), tensor '\(tensor)'): the name stands twice"
        case .unknownDType(let file, let tensor, let dtype):
            "unknown dtype (\(file), tensor '\(tensor)'): '\(dtype)' is no type of the format"
        case .invalidShape(let file, let tensor, let shape, let reason):
            "invalid shape (\(file), tensor '\(tensor)'): \(reason) in \(shape)"
        case .invalidOffsets(let file, let tensor, let begin, let end):
            "invalid offsets (\(file), tensor '\(tensor)'): begin \(begin), end \(end)"
        case .sizeMismatch(let file, let tensor, let expected, let found):
            "wrong tensor size (\(file), tensor '\(tensor)'): dtype and shape need \(expected) "
                + "bytes, the offsets span \(found)"
        case .overlap(let file, let tensor, let other):
            "overlapping tensors (\(file), tensor '\(tensor)'): it begins inside '\(other)'"
        case .hole(let file, let tensor, let begin, let end):
            "unused bytes (\(file), before tensor '\(tensor)'): data bytes \(begin) to \(end) "
                + "belong to no tensor"
        case .truncated(let file, let tensor, let expected, let found):
            "truncated safetensors file (\(file), tensor '\(tensor)'): it ends at byte "
                + "\(expected), the file has \(found)"
        case .unknownTensor(let file, let tensor):
            "no such tensor (\(file)): it holds no '\(tensor)'"
        default: nil
        }
    }

    private var checkpointDescription: String? {
        switch self {
        case .noCheckpoint(let folder):
            "no checkpoint (\(folder)): it holds neither model.safetensors nor "
                + "model.safetensors.index.json"
        case .invalidIndex(let file, let byte, let reason):
            "invalid shard index (\(file), byte \(byte)): \(reason)"
        case .invalidShardName(let file, let shard):
            "invalid shard index (\(file)): '\(shard)' is not the name of a file beside it"
        case .missingShard(let file, let shard):
            "missing shard (\(file)): \(shard) does not exist"
        case .notInShard(let file, let tensor, let shard):
            "tensor not in its shard (\(file), tensor '\(tensor)'): \(shard) does not hold it"
        case .inTwoShards(let file, let tensor, let first, let second):
            "tensor in two shards (\(file), tensor '\(tensor)'): \(first) and \(second) hold it"
        default: nil
        }
    }

    private var writeDescription: String? {
        switch self {
        case .cannotCreate(let file, let reason):
            "cannot create safetensors file (\(file)): \(reason)"
        case .beingWritten(let file):
            "cannot create safetensors file (\(file)): another process is writing it"
        case .writeFailed(let file, let reason): "cannot write (\(file)): \(reason)"
        case .wrongOrder(let file, let tensor, let expected):
            "tensor out of order (\(file), tensor '\(tensor)'): the next one is '\(expected)'"
        case .tooManyBytes(let file, let tensor, let expected, let found):
            "too many bytes (\(file), tensor '\(tensor)'): \(expected) were declared, "
                + "\(found) came"
        case .unfinished(let file, let tensor, let missing):
            "unfinished safetensors file (\(file), tensor '\(tensor)'): \(missing) bytes are "
                + "missing"
        case .checkpointExists(let file):
            "cannot write checkpoint (\(file)): another checkpoint lies in the folder"
        default: nil
        }
    }

    /// A way to fix the failure.
    public var recoverySuggestion: String? {
        switch self {
        case .missing, .unknownTensor, .noCheckpoint:
            "check the path, and that it holds the checkpoint that you mean"
        case .onlyPickle:
            "convert it with transformers or peft, save_pretrained(FOLDER, safe_serialization=True), "
                + "or take a copy with safetensors"
        case .unreadable: "check that it is a readable file"
        case .lfsPointer: "fetch the file with `git lfs pull`"
        case .noHeader, .headerLength, .headerPastEnd, .truncated, .trailingBytes:
            "fetch or copy the file again, and compare its size with the original's"
        case .invalidHeader, .invalidEntry, .duplicateName, .invalidShape, .invalidOffsets,
            .sizeMismatch, .overlap, .hole:
            "fetch the file again, or write it anew with the program that made it"
        case .unknownDType:
            "convert the tensor to one of "
                + SafetensorsDType.allCases.map(\.rawValue).joined(separator: ", ")
        case .invalidIndex, .invalidShardName, .notInShard, .inTwoShards:
            "fetch the index and its shards again, all from the same place"
        case .missingShard: "fetch the shard, and put it beside the index"
        case .cannotCreate: "check that the folder exists and is writable"
        case .beingWritten: "wait for it, or choose another path"
        case .writeFailed: "check the free space of the disk, and write again"
        case .wrongOrder: "append the tensors in the order in which they were declared"
        case .tooManyBytes, .unfinished: "append exactly the bytes that dtype and shape declare"
        case .checkpointExists: "choose an empty folder, or remove the old checkpoint"
        }
    }
}
