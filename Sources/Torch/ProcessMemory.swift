// The memory use of this process.

import Foundation

/// The memory of this process.
package enum ProcessMemory {
    /// The peak resident memory so far, in bytes.
    package static var peakResidentBytes: Int {
        var usage = rusage()
        #if os(Linux)
            let (who, unit) = (RUSAGE_SELF.rawValue, 1024)
            getrusage(who, &usage)
        #else
            let unit = 1
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage.ru_maxrss * unit
    }

    /// The current resident memory, in bytes; nil if the system does not report it.
    package static var residentBytes: Int? { statusBytes("VmRSS:") }

    /// The peak resident memory since `restartPeak`, in bytes; nil if the system does not report
    /// it.
    package static var restartedPeakBytes: Int? { statusBytes("VmHWM:") }

    /// Resets the peak that `restartedPeakBytes` reports.
    ///
    /// - Returns: whether the system supports this (Linux).
    package static func restartPeak() -> Bool {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else {
            return false
        }
        do {
            try file.write(contentsOf: Data("5".utf8))
            return true
        } catch {
            return false
        }
    }

    private static func statusBytes(_ name: String) -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/status") else {
            return nil
        }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix(name) {
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
            return kilobytes.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    /// Seconds of processor time so far, summed over all threads.
    package static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
