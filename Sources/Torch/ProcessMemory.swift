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

    /// Seconds of processor time so far, over all threads.
    package static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
