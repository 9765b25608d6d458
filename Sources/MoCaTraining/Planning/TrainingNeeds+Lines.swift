// The needs of a run as messages for users.

import MoCaCore

extension TrainingNeeds {
    /// Messages for users.
    var lines: [String] {
        let trained =
            trainedParameters == parameters ? "all of them trained" : "\(trainedParameters) trained"
        let present = diskPresent > 0 ? ", \(Self.gigabytes(diskPresent)) of it there already" : ""
        return ["parameters: \(parameters), \(trained)"] + memoryLines + [
            "disk: \(Self.gigabytes(diskBytes)) for checkpoints and the model" + present
                + (diskFree.map { ", \(Self.gigabytes($0)) free" } ?? "")
        ]
    }

    private var memoryLines: [String] {
        let bytes = { (value: Int) in Self.gigabytes(value) }
        let activations =
            memory.activations.map { "\(bytes($0)) of activations at most" }
            ?? "activations that depend on the data"
        let aside =
            memory.weightsAside > 0
            ? "\(bytes(memory.weightsAside)) of weights while averages are scored, " : ""
        let buffers =
            memory.exchangeBuffers > 0 ? "\(bytes(memory.exchangeBuffers)) of buffers, " : ""
        let model =
            "\(bytes(memory.weights)) of weights, \(bytes(memory.gradients)) of gradients, "
            + "\(bytes(memory.moments)) of moments, \(aside)\(buffers)\(activations)"
        let rest =
            "\(bytes(memory.checkpointCopy)) while a checkpoint is written, "
            + "\(bytes(memory.data)) of prepared data, \(bytes(memory.program)) of program"
        let host =
            rankCount > 1
            ? " of this host's processes (\(rankCountOnHost) of \(rankCount))" : ""
        let own = rankCount > 1 ? "rank 0 has " : ""
        let onHost = "memory\(host): \(bytes(bytesOnHost)) of \(bytes(memoryLimit)): \(own)"
        guard memory.isOnDevice else { return ["\(onHost)\(model), \(rest)"] }
        let each = rankCount > 1 ? " of each process" : ""
        let limit = deviceMemoryLimit.map { " of \(bytes($0)) free" } ?? ""
        return [
            "device memory\(each): \(bytes(memory.onDevice))\(limit): \(model)",
            "\(onHost)\(rest)",
        ]
    }

    /// The table of the memory of a process, for several numbers of processes.
    var rankLines: [String] {
        let columns = ["processes", "zero_stage 0", "its states", "zero_stage 1", "its states"]
        let number = { (bytes: Int) in NumberText.decimal(Double(bytes) / 1e9, digits: 2) }
        let rows = RankedEstimate.counts.map { count in
            ["\(count)"]
                + rankTable.filter { $0.count == count }
                .flatMap { [number($0.bytes), number($0.states)] }
        }
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        let place = memory.isOnDevice ? "device memory" : "memory"
        let title =
            "\(place) of a process in GB, by their number and runtime.zero_stage (estimated: each "
            + "has its share of every microbatch):"
        let lines = ([columns] + rows).map { row in
            let cells = zip(row, widths).map { text, width in
                String(repeating: " ", count: width - text.count) + text
            }
            return "  " + cells.joined(separator: "  ")
        }
        return [title] + lines
    }

    static func gigabytes(_ bytes: Int) -> String {
        "\(NumberText.decimal(Double(bytes) / 1e9, digits: 3)) GB"
    }
}
