// The whole of `moca data prepare`: from a manifest to folders of data.

package import Foundation
package import MoCaCore
import MoCaSystem
import Synchronization

/// Executes a manifest; may be killed at any moment and run again.
///
/// ```swift
/// let manifest = try DataManifest(contentsOf: file)
/// let report = try DataPreparation(manifest, output: folder).run()
/// ```
package struct DataPreparation: Sendable {
    private let manifest: DataManifest
    private let context: PreparationContext

    /// - Parameters:
    ///   - output: Replaces the manifest's own output folder.
    ///   - onProgress: Receives the progress, in bytes, and notes; called from several threads,
    ///     one call at a time.
    ///   - isInterrupted: Polled throughout the run; work finished by then is kept.
    /// - Throws: `PreparationError.noOutput`.
    package init(
        _ manifest: DataManifest, output: URL? = nil, options: PreparationOptions = .init(),
        onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws {
        guard let output = output ?? manifest.output else {
            throw PreparationError.noOutput(file: manifest.file.path)
        }
        self.manifest = manifest
        context = PreparationContext(
            options: options, work: WorkFolder(output),
            progress: ProgressCounter(report: onProgress),
            isInterrupted: isInterrupted)
    }

    /// Queries the sources for their contents and the disk for finished work; fetches nothing.
    /// A server that cannot be reached is not retried, because the caller is waiting for the plan.
    package func plan() throws -> PreparationPlan {
        try PreparationPlan(units: units(context.impatient), context)
    }

    /// Does the remaining work. A unit that fails does not stop the others, unless they would fail
    /// too; the first failure is thrown when all have ended.
    ///
    /// - Parameter onReport: Receives the report, also after a failure.
    /// - Throws: `PreparationError`.
    package func run(onReport: (PreparationReport) throws -> Void) throws {
        let lock = try context.work.lock()
        defer { withExtendedLifetime(lock) {} }
        let units = try units(context)
        let plan = try PreparationPlan(units: units, context)
        guard plan.diskNeeded <= plan.diskFree else {
            throw PreparationError.notEnoughSpace(
                folder: plan.output, needed: plan.diskNeeded, free: plan.diskFree)
        }
        let left = zip(units, plan.rows).filter { $1.progress != .finished }
        context.progress.begin(
            "bytes", total: left.reduce(0) { $0 + Self.bytesOfWork($1.0, $1.1) }, unit: .bytes)
        var report = PreparationReport(output: plan.output, total: units.count)
        report.finishedBefore = units.count - left.count
        let (done, failure) = work(on: left.map(\.0), report)
        try context.work.removeEmptyFolders()
        try onReport(done)
        if let failure { throw failure }
    }

    private func units(_ context: PreparationContext) throws -> [PreparationUnit] {
        var units: [PreparationUnit] = []
        for source in manifest.sources {
            try context.check()
            units += try source.units(context)
        }
        return units
    }

    /// Bytes to fetch plus bytes of archives to read.
    private static func bytesOfWork(_ unit: PreparationUnit, _ row: PreparationPlan.Row) -> Int {
        guard case .archive = unit.content, row.bytesToUnpack > 0 else { return row.bytesToFetch }
        return row.bytesToFetch + (unit.bytes ?? 0)
    }

    /// State shared by the threads of a run.
    fileprivate struct Progress {
        var next = 0
        var report: PreparationReport
        var failure: (any Error)?
        var isOver = false
    }

    private func work(
        on units: [PreparationUnit], _ report: PreparationReport
    ) -> (PreparationReport, (any Error)?) {
        let progress = Mutex(Progress(report: report))
        // The threads wait for servers and disks, so more of them than processors are useful.
        let threads = (0..<min(context.options.jobs, units.count)).map { index in
            DedicatedThread(name: "moca.prepare.\(index)") { work(on: units, progress) }
        }
        for thread in threads { thread.join() }
        return progress.withLock { ($0.report, $0.failure) }
    }

    /// The work of one thread.
    private func work(on units: [PreparationUnit], _ progress: borrowing Mutex<Progress>) {
        while let unit = progress.withLock({ $0.take(from: units) }) {
            do {
                let result = try UnitRun(unit, context).run()
                progress.withLock { $0.add(result) }
            } catch {
                progress.withLock { $0.add(error, unit) }
            }
        }
    }
}

extension DataPreparation.Progress {
    mutating func take(from units: [PreparationUnit]) -> PreparationUnit? {
        guard next < units.count, !isOver else { return nil }
        defer { next += 1 }
        return units[next]
    }

    mutating func add(_ result: UnitRun.Result) {
        report.finished += 1
        report.files += result.files
        report.entries += result.summary.entries
        report.unpackedBytes += result.summary.bytes
    }

    mutating func add(_ error: any Error, _ unit: PreparationUnit) {
        failure = failure ?? error
        switch error {
        case PreparationError.interrupted, PreparationError.diskFull:
            (isOver, failure) = (true, error)
        default:
            let reason = (error as? PreparationError)?.oneLine ?? error.localizedDescription
            report.failures.append(.init(name: unit.name, reason: reason))
        }
    }
}
