// How much memory the process has used.

import Foundation

/// The memory of this process.
package enum ProcessMemory {
    /// The most that was resident at once so far.
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

    /// What is resident now; nil where the system does not say.
    package static var residentBytes: Int? { statusBytes("VmRSS:") }

    /// The most that was resident since `restartPeak`; nil where the system does not say.
    package static var restartedPeakBytes: Int? { statusBytes("VmHWM:") }

    /// Resets the peak.
    ///
    /// - Returns: whether the system can (Linux).
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

    /// Seconds of processor time so far, over all threads.
    package static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
