// What a rank shows the others in its folder.

import Dispatch
import Foundation
import MoCaCore
import MoCaSettings
import MoCaSystem
import Synchronization

/// The contents of `rank.json` in the folder of a rank, replaced every few seconds.
///
/// Only differences between two readings count, so that neither clocks nor time stamps of several
/// hosts are compared.
struct RankSign: Codable, Sendable, Hashable {
    static let fileName = "rank.json"

    enum State: String, Codable, Sendable {
        case running, finished, failed
    }

    /// The name of the process: another one each time that the rank is started.
    var process = UUID().uuidString
    /// The number of signs so far.
    var beat = 0
    var state = State.running
    /// A digest of what the rank computes, which must be equal on all ranks; nil if its files say it.
    var subject: String?
    /// Why the rank failed.
    var reason: String?
    /// The process of rank 0 that a finished rank has seen alive.
    var seen: String?

    init(subject: String?) {
        self.subject = subject
    }

    /// Reads the sign in a folder; nil if there is none.
    init?(in folder: URL) {
        let read = Result {
            try JSONDecoder().decode(
                RankSign.self, from: Data(contentsOf: folder.appending(path: Self.fileName)))
        }
        // The folder may be missing, not yet visible on this host, or just removed.
        guard case .success(let sign) = read else { return nil }
        self = sign
    }
}

/// Writes the signs of this rank until it ends.
final class RankBeacon: Sendable {
    /// The name of this process.
    let process: String
    let subject: String?
    private let file: URL
    /// The last sign; nil once no more may be written.
    private let sign: Mutex<RankSign?>
    // Created once and never modified; cancelled when this object is released.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    /// Creates the folder if it is missing, and shows that the rank is running.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    init(in folder: URL, subject: String? = nil, every interval: Duration) throws {
        let first = RankSign(subject: subject)
        (process, self.subject) = (first.process, subject)
        file = folder.appending(path: RankSign.fileName)
        do {
            try FileSystem.makeFolder(folder)
            try Self.write(first, to: file)
        } catch {
            throw VectorError.cannotWrite(path: folder.path, reason: error.fileReason)
        }
        sign = Mutex<RankSign?>(first)
        // Last, because a timer that never ran must not be released.
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "moca.rank"))
        timer.setEventHandler { [weak self] in self?.beat() }
        timer.schedule(deadline: .now() + interval.seconds, repeating: interval.seconds)
        timer.resume()
    }

    deinit { timer.cancel() }

    /// Shows that the rank is alive.
    func beat() { change { _ in } }

    /// Shows that the rank's share is complete; the timer writes no more.
    func finish() {
        timer.cancel()
        change { $0.state = .finished }
    }

    /// Shows a finished rank's answer to a process of rank 0; nothing is written afterwards.
    func answer(_ process: String) {
        change { $0.seen = process }
        stop()
    }

    /// Shows why the rank failed; nothing is written afterwards.
    func fail(_ error: any Error) {
        let reason = (error as? any UserFacingError)?.oneLine ?? "\(error)"
        change { sign in
            sign.state = .failed
            sign.reason = reason
        }
        stop()
    }

    /// Writes nothing from now on, so that the folder can be removed.
    func stop() {
        timer.cancel()
        sign.withLock { $0 = nil }
    }

    private func change(_ body: (inout RankSign) -> Void) {
        sign.withLock { current in
            guard var next = current else { return }
            next.beat += 1
            body(&next)
            current = next
            // A sign that cannot be written costs no vector: the next one may be, and if none is, the
            // others find out.
            _ = Result { try Self.write(next, to: file) }
        }
    }

    private static func write(_ sign: RankSign, to file: URL) throws {
        try AtomicFile.write(json: sign, as: .document, to: file)
    }
}
