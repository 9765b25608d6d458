// Exact token counts of data folders, from the records or from a cache.

package import Foundation
package import MoCaCore
import MoCaData
import MoCaImage
import MoCaProcessing
import MoCaSystem
import MoCaTables

/// The settings of a count.
package struct DataStatisticsSettings: Sendable {
    /// The folders of the subsets.
    package var folders: [URL]
    /// The folder that image paths are relative to.
    package var images: URL
    /// The kind of records; nil takes it from the columns.
    package var kind: RecordKind?
    package var meter: TokenMeter
    package var prices = TokenPrices()
    /// The cache of counts; nil counts every subset again.
    package var cache: CountCache?
    package var threads: Int

    package init(folders: [URL], images: URL, meter: TokenMeter, threads: Int) {
        (self.folders, self.images) = (folders, images)
        (self.meter, self.threads) = (meter, threads)
    }
}

/// The counts of all subsets.
package struct DataStatistics: Sendable {
    /// The counts of one subset.
    struct Subset: Sendable {
        var name: String
        var folder: URL
        var counts: SubsetCounts
        /// Whether all counts came from the cache.
        var isCached: Bool
    }

    package let kind: RecordKind
    let prices: TokenPrices
    let subsets: [Subset]

    /// Counts all subsets.
    ///
    /// - Parameter progress: receives the progress of counting records.
    /// - Throws: `DataError`, `DataCheckError`.
    package init(
        _ settings: DataStatisticsSettings,
        progress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
    ) throws {
        let progress = ProgressCounter(report: progress)
        let readers = try SubsetReader.all(in: settings.folders, kind: settings.kind)
        guard let first = readers.first else {
            throw DataCheckError.noRecords(folders: settings.folders.map(\.path))
        }
        (kind, prices) = (first.kind, settings.prices)
        progress.begin("records", total: readers.reduce(0) { $0 + $1.expectedRowCount })
        subsets = try readers.map { reader in
            let key = try settings.cache?.key(
                of: reader, images: settings.images, meter: settings.meter)
            if let key, let known = settings.cache?.counts(key) {
                progress.add(known.records.count)
                return Subset(
                    name: reader.name, folder: reader.folder, counts: known, isCached: true)
            }
            let counts = try SubsetCounter(settings, reader).count(progress)
            // Counts with failures are not cached, so that repaired records are counted.
            if let key, counts.failures.count == 0 { try settings.cache?.keep(counts, key) }
            return Subset(
                name: reader.name, folder: reader.folder, counts: counts, isCached: false)
        }
        guard subsets.contains(where: { !$0.counts.records.isEmpty }) else {
            throw DataCheckError.noRecords(folders: settings.folders.map(\.path))
        }
    }
}

/// Counts one subset.
private final class SubsetCounter {
    /// The counts of a record, before its images have indices.
    private struct Counted: Sendable {
        var count = TokenCount()
        var lengths: [UInt32] = []
        var images: [ImageSource] = []
        var place: RecordPlace
        var failure: String?
    }

    private let settings: DataStatisticsSettings
    private let reader: SubsetReader
    private var counts = SubsetCounts()
    private var images = ImageTable()

    init(_ settings: DataStatisticsSettings, _ reader: SubsetReader) {
        (self.settings, self.reader) = (settings, reader)
    }

    func count(_ progress: ProgressCounter) throws -> SubsetCounts {
        try reader.forEachBatch(
            { readings in
                count(readings)
                progress.add(readings.count)
            },
            report: { finding in
                guard finding.severity == .error else { return }
                throw DataCheckError.cannotCount(place: finding.file, reason: finding.reason)
            })
        return counts
    }

    private func count(_ readings: [SubsetReader.Reading]) {
        let store = ImageStore(root: settings.images)
        let (kind, meter) = (reader.kind, settings.meter)
        let counted = parallelMap(readings.count, threads: settings.threads) { index in
            Self.count(
                CheckedRecord(
                    readings[index].row, kind: kind, place: readings[index].place, images: store),
                meter)
        }
        for record in counted {
            if let failure = record.failure {
                counts.failures.count += 1
                counts.failures.first =
                    counts.failures.first ?? "\(reader.name)#\(record.place.row ?? 0): \(failure)"
                counts.add(TokenCount(), lengths: [])
            } else {
                counts.add(record.count, lengths: record.lengths)
            }
        }
        measureImages(of: counted)
    }

    private static func count(_ record: CheckedRecord, _ meter: TokenMeter) -> Counted {
        var counted = Counted(place: record.place)
        counted.failure = record.findings.first?.reason
        var negativeCount = 0
        for part in record.parts where counted.failure == nil {
            if part.side == .negative {
                negativeCount += 1
                guard negativeCount <= meter.negativesMax else { continue }
            }
            do {
                let outline = try meter.outline(part, subset: record.place.subset)
                counted.count.add(TokenCount(outline))
                counted.lengths.append(UInt32(outline.ids.count))
                counted.images += outline.images
            } catch {
                counted.failure =
                    (error as? any UserFacingError)?.errorDescription ?? "\(error)"
            }
        }
        return counted
    }

    /// Measures the images that were not seen before.
    private func measureImages(of counted: [Counted]) {
        var new: [ImageSource] = []
        for record in counted where record.failure == nil {
            for source in record.images where images.number(of: source, at: record.place).isNew {
                new.append(source)
            }
        }
        let (found, decoder) = (new, settings.meter.processor.images.decoder)
        let stamps = parallelMap(found.count, threads: settings.threads) { index in
            Result { try ImageStamp(found[index], decoder) }
        }
        for stamp in stamps {
            switch stamp {
            case .success(let stamp): counts.add(stamp)
            case .failure(let error):
                // Its header was readable a moment ago.
                counts.failures.count += 1
                counts.failures.first = counts.failures.first ?? "\(error)"
            }
        }
    }
}

extension ImageStamp {
    /// The size of an image and the state of its file. The state is read first, so that a change in
    /// between is detected.
    fileprivate init(_ source: ImageSource, _ decoder: ImageDecoder) throws {
        // For an image in an archive, the archive's state.
        if case .encoded = source {
            path = ImageStore.archive(ofImage: source.name) ?? ""
        } else {
            path = source.name
        }
        state = path.isEmpty ? FileState() : FileState(path: path) ?? FileState()
        let header = try decoder.header(of: source)
        (width, height) = (header.width, header.height)
    }
}
