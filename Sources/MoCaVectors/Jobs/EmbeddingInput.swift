// Where the records of a job come from, and how they are taken a window at a time.

package import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaTables

/// The input of a job.
package enum EmbeddingInput: Sendable, Hashable {
    /// A `.jsonl`, `.txt`, `.parquet`, `.arrow` or `.tar` file; JSONL and tar also compressed.
    case file(URL)
    /// JSONL from standard input.
    case standardInput
    /// Image files, a record each.
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

    /// The number of records, for a progress bar; nil where it cannot be known beforehand. Blank
    /// lines are counted, so it may be too high.
    ///
    /// - Throws: `DataError`.
    package func recordCount() throws -> Int? {
        switch self {
        case .standardInput: return nil
        case .images(let urls): return urls.count
        case .file(let url):
            switch RecordFormat(url) {
            case .parquet, .arrow: return try TableFile(url).rowCount
            // Counting would decompress or walk through everything.
            case .webDataset, .jsonLines(isCompressed: true): return nil
            case .jsonLines(isCompressed: false), nil: break
            }
            let bytes = try Data(contentsOf: url, options: .mappedIfSafe)
            let lines = bytes.withUnsafeBytes { $0.count { $0 == UInt8(ascii: "\n") } }
            return bytes.last == UInt8(ascii: "\n") || bytes.isEmpty ? lines : lines + 1
        }
    }
}

/// One record, or why it cannot be used.
struct WindowRecord: Sendable {
    /// What messages call it.
    let name: String
    /// nil where the record could not be read.
    let id: String?
    let content: Result<Content, any Error>
}

/// Takes records a window at a time, so that memory does not grow with the input.
struct WindowReader {
    private static let recordCountMax = 4096
    /// Bytes of a text that make a token, at most.
    private static let bytesPerToken = 4

    private var reader: EmbedRecordReader
    private let images: ImageStore
    /// Tokens of a window, about.
    private let tokenBudget: Int
    private let tokensPerImage: Int
    /// Records read so far.
    private(set) var count = 0
    /// The identity of all records read so far.
    var fingerprint: ContentID { hasher.id }
    private var hasher = ContentHasher()

    init(_ reader: EmbedRecordReader, images: ImageStore, tokenBudget: Int, tokensPerImage: Int) {
        (self.reader, self.images) = (reader, images)
        (self.tokenBudget, self.tokensPerImage) = (tokenBudget, tokensPerImage)
    }

    /// The next window; empty at the end.
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

    /// Passes over records that an earlier run embedded.
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
            return WindowRecord(name: "record \(count)", id: nil, content: .failure(error))
        }
        guard let record else { return nil }
        count += 1
        add(record)
        tokens += 1 + (record.text?.utf8.count ?? 0) / Self.bytesPerToken
        tokens += record.images.count * tokensPerImage
        let name = record.location.description
        do {
            let sample = try EmbedSample(record, images: images)
            return WindowRecord(name: name, id: sample.id, content: .success(sample.content))
        } catch {
            return WindowRecord(name: name, id: record.id, content: .failure(error))
        }
    }

    private mutating func add(_ record: EmbedRecord) {
        hasher.add(record.id ?? "")
        hasher.add(record.text ?? "")
        for image in record.images {
            switch image {
            case .path(let path): hasher.add(path)
            case .encoded(let data): hasher.add(data)
            }
        }
    }
}

extension DataError {
    /// Whether nothing can be read after it.
    fileprivate var endsInput: Bool {
        switch self {
        case .inputOutput, .damagedBlock, .damagedStream, .fileMissing, .unreadableFile,
            .unreadableArchive, .cannotUnpack:
            true
        default: false
        }
    }
}
