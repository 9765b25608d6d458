// Times the exchange of 300 MB of gradients between processes, beside a copy in memory:
//
//     MASTER_ADDR=127.0.0.1 WORLD_SIZE=2 RANK=0 RanksBenchmark & MASTER_ADDR=... RANK=1 RanksBenchmark

import Foundation
import MoCaRanks
import Torch

let elementCount = 75_000_000
let repetitionCount = 5

/// Returns the shortest duration of `body` in seconds.
func best(_ body: () -> Void) -> Double {
    (0..<repetitionCount).map { _ in
        let start = ContinuousClock.now
        body()
        return (ContinuousClock.now - start) / .seconds(1)
    }.min() ?? 0
}

guard let environment = try RankEnvironment.read(ProcessInfo.processInfo.environment) else {
    fatalError("start it as several processes")
}
let team = try RankTeam.join(environment, identity: [:])
let values = Tensor.ones([elementCount])
let copy = Tensor.zeros([elementCount])
let rows = [
    ("copy in memory", best { copy.assign(values) }),
    ("all-reduce", best { team.group.reduce([copy]) }),
    ("reduce-scatter", best { _ = team.group.reduceScatter(values) }),
    (
        "all-gather",
        best { _ = team.group.allGather(values.narrowed(0, 0..<elementCount / team.worldSize)) }
    ),
    ("sum of 8 numbers", best { _ = team.group.sum([Double](repeating: 1, count: 8)) }),
]
if team.isFirst {
    for (name, seconds) in rows {
        print(
            "\(name): \(String(format: "%.4f", seconds)) s, \(String(format: "%.2f", seconds / rows[0].1)) copies"
        )
    }
}
