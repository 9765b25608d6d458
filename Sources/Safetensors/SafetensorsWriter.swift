// A writer of one file, tensor by tensor.

public import Foundation
import MoCaSystem

/// Writes one file in bounded memory: all tensors are declared first, then their bytes are appended
/// in the same order, whole or in chunks.
///
///     let writer = try SafetensorsWriter(url, tensors: [.init("a", .float32, [2, 2])])
///     try writer.append(bytes, to: "a")
///     try writer.finish()
///
/// The file appears under its name, synchronised, when `finish()` returns; without it, the written
/// bytes are removed. While one process writes a file, others are refused.
public final class SafetensorsWriter {
    /// The declared tensors, in order.
    public let tensors: [SafetensorsDeclaration]
    private let file: AtomicFile
    private let byteCounts: [Int]
    private var position = 0
    private var written = 0

    /// Starts writing the file `url`.
    ///
    /// - Parameters:
    ///   - tensors: the tensors in the order of their bytes; sort them with
    ///     `SafetensorsDeclaration.canonicalOrder` so that all lie aligned.
    ///   - metadata: the texts under `__metadata__`.
    /// - Throws: `SafetensorsError`.
    public init(
        _ url: URL, tensors: [SafetensorsDeclaration], metadata: [String: String] = [:]
    ) throws {
        self.tensors = tensors
        byteCounts = try tensors.map { try $0.byteCount(file: url.path) }
        let header = try SafetensorsHeader.encode(tensors, metadata: metadata, file: url.path)
        do {
            file = try AtomicFile(url)
        } catch {
            throw error.cause == .inUse
                ? SafetensorsError.beingWritten(file: error.path)
                : .cannotCreate(file: error.path, reason: error.reason)
        }
        try writing { () throws(SystemFileError) in try file.append(header) }
    }

    /// Appends bytes to the tensor `name`, which must be the next incomplete one.
    ///
    /// - Throws: `SafetensorsError.wrongOrder`, `.tooManyBytes`, `.writeFailed`.
    public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
        while position < tensors.count, tensors[position].name != name,
            written == byteCounts[position]
        {
            advance()
        }
        guard position < tensors.count, tensors[position].name == name else {
            let expected = position < tensors.count ? tensors[position].name : "(none)"
            throw SafetensorsError.wrongOrder(
                file: file.destination.path, tensor: name, expected: expected)
        }
        guard bytes.count <= byteCounts[position] - written else {
            throw SafetensorsError.tooManyBytes(
                file: file.destination.path, tensor: name, expected: byteCounts[position],
                found: written + bytes.count)
        }
        try writing { () throws(SystemFileError) in try file.append(bytes) }
        written += bytes.count
    }

    /// Completes the file and renames it to its final name.
    ///
    /// - Throws: `SafetensorsError.unfinished`, `.writeFailed`.
    public func finish() throws {
        try complete()
        try publish()
    }

    /// Checks that all bytes were appended, and waits until they are on disk.
    func complete() throws {
        while position < tensors.count {
            guard written == byteCounts[position] else {
                throw SafetensorsError.unfinished(
                    file: file.destination.path, tensor: tensors[position].name,
                    missing: byteCounts[position] - written)
            }
            advance()
        }
        try writing { () throws(SystemFileError) in try file.synchronize() }
    }

    /// Renames the completed file to its final name.
    func publish() throws {
        try writing { () throws(SystemFileError) in try file.publish() }
    }

    private func writing(
        _ body: () throws(SystemFileError) -> Void
    ) throws(SafetensorsError) {
        do {
            try body()
        } catch {
            throw .writeFailed(file: error.path, reason: error.reason)
        }
    }

    private func advance() {
        position += 1
        written = 0
    }
}

extension SafetensorsWriter {
    /// Writes tensors that are in memory, in canonical order, with the same bytes as the
    /// `safetensors` library (with at most one metadata entry, as it does not order them).
    ///
    /// - Throws: `SafetensorsError`.
    public static func write(
        _ contents: [(tensor: SafetensorsDeclaration, bytes: Data)], to url: URL,
        metadata: [String: String] = [:]
    ) throws {
        let sorted = contents.sorted {
            SafetensorsDeclaration.canonicalOrder($0.tensor, $1.tensor)
        }
        let writer = try SafetensorsWriter(
            url, tensors: sorted.map(\.tensor), metadata: metadata)
        for (tensor, bytes) in sorted {
            try bytes.withUnsafeBytes { try writer.append($0, to: tensor.name) }
        }
        try writer.finish()
    }
}
