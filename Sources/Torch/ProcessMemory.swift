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

    /// What is resident now; 0 where the system does not say.
    package static var residentBytes: Int {
        #if os(Linux)
            // Pages, in the second of seven numbers (proc(5)).
            guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else {
                return 0
            }
            let numbers = String(decoding: data, as: UTF8.self).split(separator: " ")
            guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
            return pages * sysconf(Int32(_SC_PAGESIZE))
        #else
            var info = mach_task_basic_info()
            var count = mach_msg_type_number_t(
                MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
            let status = withUnsafeMutablePointer(to: &info) { pointer in
                pointer.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
                    task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
                }
            }
            return status == KERN_SUCCESS ? Int(info.resident_size) : 0
        #endif
    }

    /// Seconds of processor time so far, over all threads.
    package static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
