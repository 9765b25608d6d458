// Groups the records of an input into windows, and finds those of one shard.

import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaTables

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
///
/// The windows of other shards are read too, because where a window ends depends on its records.
struct WindowReader {
    /// The estimated number of text bytes per token.
    private static let bytesPerToken = 4

    private var reader: EmbedRecordReader
    private let images: ImageStore
    private let limits: WindowLimits
    private let shard: WindowShard
    /// Called before each window; if true, reading ends.
    private let isInterrupted: @Sendable () -> Bool
    /// The number of records read so far, those of other shards included.
    private(set) var count = 0
    /// The number of windows read so far, those of other shards included.
    private(set) var windowCount = 0
    /// Whether reading ended because of an interruption, and not at the end of the input.
    private(set) var wasInterrupted = false
    /// The identity of all records read so far.
    var fingerprint: ContentID { hasher.id }
    /// The records read so far, those of other shards included.
    var extent: InputExtent {
        InputExtent(records: count, windows: windowCount, fingerprint: fingerprint.text)
    }
    private var hasher = ContentHasher()

    init(
        _ reader: EmbedRecordReader, images: ImageStore, limits: WindowLimits,
        shard: WindowShard = .whole, isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.reader, self.images, self.limits) = (reader, images, limits)
        (self.shard, self.isInterrupted) = (shard, isInterrupted)
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

    /// Returns the next window of the shard; empty at the end of the input, or if interrupted.
    ///
    /// - Throws: `DataError` of the file itself.
    mutating func next() throws -> [WindowRecord] {
        while goOn() {
            let isOurs = shard.contains(window: windowCount)
            let first = count
            var (window, tokens) = ([WindowRecord](), 0)
            while count - first < limits.records, tokens < limits.tokens {
                guard let record = try read(&tokens) else { break }
                if isOurs { window.append(made(of: record)) }
            }
            guard count > first else { return [] }
            windowCount += 1
            if isOurs { return window }
        }
        return []
    }

    /// Skips the first records, which an earlier run embedded up to the end of a window.
    ///
    /// - Throws: `DataError` of the file itself.
    mutating func skip(_ count: Int) throws {
        while self.count < count, goOn() {
            let first = self.count
            var tokens = 0
            while self.count < count, self.count - first < limits.records, tokens < limits.tokens {
                guard try read(&tokens) != nil else { return }
            }
            windowCount += 1
        }
    }

    private mutating func goOn() -> Bool {
        wasInterrupted = isInterrupted()
        return !wasInterrupted
    }

    /// Reads a record and adds its tokens; nil at the end of the input.
    private mutating func read(
        _ tokens: inout Int
    ) throws -> Result<EmbedRecord, DataError>? {
        let record: EmbedRecord?
        do {
            record = try reader.next()
        } catch let error as DataError where !error.endsInput {
            count += 1
            hasher.add(error.oneLine)
            return .failure(error)
        }
        guard let record else { return nil }
        count += 1
        add(record)
        tokens += 1 + (record.text?.utf8.count ?? 0) / Self.bytesPerToken
        tokens += record.images.count * limits.tokensPerImage
        return .success(record)
    }

    private func made(of record: Result<EmbedRecord, DataError>) -> WindowRecord {
        switch record {
        case .failure(let error):
            return WindowRecord(
                name: "record \(count)", id: nil, content: .failure(error), key: fingerprint)
        case .success(let record):
            let name = record.location.description
            do {
                let sample = try EmbedSample(record, images: images)
                return WindowRecord(
                    name: name, id: sample.id, content: .success(sample.content),
                    key: fingerprint)
            } catch {
                return WindowRecord(
                    name: name, id: record.id, content: .failure(error), key: fingerprint)
            }
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
