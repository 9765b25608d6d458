// Times the tokenizer on one text file; scripts/bench/tokenizer.py runs it beside its peer.
//
//     TokenizerBenchmark TOKENIZER_JSON TEXT_FILE [PASSES]
//
// Prints one JSON line: seconds to load, MB/s of lines encoded one by one on one thread (cold: the
// first pass, with empty caches; warm: the best later one), and the ids of a pass. Times are CPU
// time of the process, which other work on the machine disturbs least; wall time of the load too.

import Foundation
import MoCaTokenizer

/// CPU seconds of this process so far.
func processSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// Runs the benchmark and returns its line.
func benchmark(definition: String, textFile: String, passes: Int) throws -> String {
    let wallStart = Date()
    let loadStart = processSeconds()
    let tokenizer = try Tokenizer(contentsOf: URL(filePath: definition))
    let loadSeconds = processSeconds() - loadStart
    let loadWallSeconds = Date().timeIntervalSince(wallStart)

    let text = try String(contentsOfFile: textFile, encoding: .utf8)
    let lines = text.split(separator: "\n").map { String($0) }
    let megabytes = Double(lines.reduce(0) { $0 + $1.utf8.count }) / 1e6
    var idCount = 0
    var times: [Double] = []
    for _ in 0...passes {
        let start = processSeconds()
        idCount = 0
        for line in lines { idCount += tokenizer.encode(line).count }
        times.append(processSeconds() - start)
    }
    let best = times.dropFirst().min() ?? times[0]
    return """
        {"load_seconds": \(loadSeconds), "load_wall_seconds": \(loadWallSeconds), \
        "cold_mb_per_second": \(megabytes / times[0]), \
        "warm_mb_per_second": \(megabytes / best), "megabytes": \(megabytes), "ids": \(idCount)}
        """
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    FileHandle.standardError.write(
        Data("usage: TokenizerBenchmark TOKENIZER_JSON TEXT_FILE [PASSES]\n".utf8))
    exit(64)
}
let passes = arguments.count > 3 ? Int(arguments[3]) ?? 5 : 5
print(try benchmark(definition: arguments[1], textFile: arguments[2], passes: max(1, passes)))
