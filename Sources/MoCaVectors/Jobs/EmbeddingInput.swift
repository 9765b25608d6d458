// The record source of a job, and a reader that groups records into windows.

package import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaTables

/// The input of a job.
package enum EmbeddingInput: Sendable, Hashable {
    /// A `.jsonl`, `.txt`, `.parquet`, `.arrow` or `.tar` file; JSONL and tar may be compressed.
    case file(URL)
    /// JSONL from standard input.
    case standardInput
    /// Image files, one record per file.
    case images([URL])

    /// - Throws: `DataError`, `VectorError.inputMissing`.
    func reader() throws -> EmbedRecordReader {
        switch self {
        case .file(let url): return try EmbedRecordReader(file: url)
        case .standardInput: return EmbedRecordReader(jsonLines: .standardInput)
        case .images(let urls):
            let isThere = { FileManager.default.fileExists(atPath: $0) }
            if let absent = urls.first(where: { !isThere($0.path) }) {
                throw VectorError.inputMissing(path: absent.path)
            }
            return EmbedRecordReader(images: urls)
        }
    }

    /// The number of records, for a progress bar; nil if unknown in advance. Blank lines are
    /// counted, so it may be too high.
    ///
    /// - Throws: `DataError`.
    package func recordCount() throws -> Int? {
        switch self {
        case .standardInput: return nil
        case .images(let urls): return urls.count
        case .file(let url):
            switch RecordFormat(url) {
            case .parquet, .arrow: return try TableFile(url).rowCount
            // Counting would decompress or scan the whole file.
            case .webDataset, .jsonLines(isCompressed: true): return nil
            case .jsonLines(isCompressed: false), nil: break
            }
            let bytes = try Data(contentsOf: url, options: .mappedIfSafe)
            let lines = bytes.withUnsafeBytes { $0.count { $0 == UInt8(ascii: "\n") } }
            return bytes.last == UInt8(ascii: "\n") || bytes.isEmpty ? lines : lines + 1
        }
    }
}

/// A record, or the error that makes it unusable.
struct WindowRecord: Sendable {
    /// The name of the record in messages.
    let name: String
    /// The record's id; nil if the record could not be read.
    let id: String?
    let content: Result<Content, any Error>
    /// The key of the record's vector: the identity of this record and of all before it.
    let key: ContentID
}

/// Reads records one window at a time, so that memory does not grow with the input.
struct WindowReader {
    private static let recordCountMax = 4096
    /// The estimated number of text bytes per token.
    private static let bytesPerToken = 4

    private var reader: EmbedRecordReader
    private let images: ImageStore
    /// The approximate number of tokens in a window.
    private let tokenBudget: Int
    private let tokensPerImage: Int
    /// The number of records read so far.
    private(set) var count = 0
    /// The identity of all records read so far.
    var fingerprint: ContentID { hasher.id }
    private var hasher = ContentHasher()

    init(_ reader: EmbedRecordReader, images: ImageStore, tokenBudget: Int, tokensPerImage: Int) {
        (self.reader, self.images) = (reader, images)
        (self.tokenBudget, self.tokensPerImage) = (tokenBudget, tokensPerImage)
    }

    /// Notes for the user about the records read so far, one sentence each.
    var notes: [String] {
        let unread = reader.unreadColumns.sorted()
        guard !unread.isEmpty else { return reader.oddities }
        return reader.oddities + [
            "\(unread.joined(separator: ", ")) \(unread.count == 1 ? "is" : "are") not read (read are "
                + "\(EmbedRecord.columns.joined(separator: ", ")))"
        ]
    }

    /// Returns the next window; empty at the end of the input.
    ///
    /// - Throws: `DataError` of the file itself.
    mutating func next() throws -> [WindowRecord] {
        var (window, tokens) = ([WindowRecord](), 0)
        while window.count < Self.recordCountMax, tokens < tokenBudget {
            guard let record = try nextRecord(&tokens) else { break }
            window.append(record)
        }
        return window
    }

    /// Skips records that an earlier run embedded.
    ///
    /// - Throws: `DataError` of the file itself.
    mutating func skip(_ count: Int) throws {
        var tokens = 0
        for _ in 0..<count {
            guard try nextRecord(&tokens) != nil else { return }
        }
    }

    private mutating func nextRecord(_ tokens: inout Int) throws -> WindowRecord? {
        let record: EmbedRecord?
        do {
            record = try reader.next()
        } catch let error as DataError where !error.endsInput {
            count += 1
            hasher.add(error.oneLine)
            return WindowRecord(
                name: "record \(count)", id: nil, content: .failure(error), key: fingerprint)
        }
        guard let record else { return nil }
        count += 1
        add(record)
        tokens += 1 + (record.text?.utf8.count ?? 0) / Self.bytesPerToken
        tokens += record.images.count * tokensPerImage
        let name = record.location.description
        do {
            let sample = try EmbedSample(record, images: images)
            return WindowRecord(
                name: name, id: sample.id, content: .success(sample.content), key: fingerprint)
        } catch {
            return WindowRecord(
                name: name, id: record.id, content: .failure(error), key: fingerprint)
        }
    }

    private mutating func add(_ record: EmbedRecord) {
        hasher.add(record.id ?? "")
        hasher.add(record.text ?? "")
        // Each part has a tag, so that an instruction is not taken for a path.
        if let instruction = record.instruction {
            hasher.add("instruction")
            hasher.add(instruction)
        }
        for image in record.images {
            hasher.add("image")
            switch image {
            case .path(let path): hasher.add(path)
            case .encoded(let data): hasher.add(data)
            }
        }
    }
}

extension DataError {
    /// Whether nothing can be read after this error.
    fileprivate var endsInput: Bool {
        switch self {
        case .inputOutput, .damagedBlock, .damagedStream, .fileMissing, .unreadableFile,
            .unreadableArchive, .cannotUnpack:
            true
        default: false
        }
    }
}
