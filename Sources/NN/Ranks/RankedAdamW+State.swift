// The saved states of an optimiser: whole, or in shards that any number of ranks can read.

import Foundation
package import Torch

/// One file of an optimiser's states.
package struct OptimizerStateFile {
    /// The states by name: `KEY.exp_avg`, `KEY.exp_avg_sq`, `KEY.step`, `KEY.master`,
    /// `KEY.average`. In a shard those but `step` are vectors of consecutive elements.
    package var tensors: [(name: String, tensor: Tensor)]
    /// The index of the first element of each parameter in a shard, by its key; nil for a file with
    /// whole parameters.
    package var firstElements: [String: Int]?

    /// Creates a file with these contents.
    package init(
        tensors: [(name: String, tensor: Tensor)], firstElements: [String: Int]? = nil
    ) {
        (self.tensors, self.firstElements) = (tensors, firstElements)
    }
}

extension RankedAdamW {
    /// The states that this rank saves: a shard if they are sharded, else all.
    package var state: OptimizerStateFile {
        guard sharding == .states else {
            return OptimizerStateFile(tensors: optimizer.stateTensors)
        }
        return OptimizerStateFile(
            tensors: optimizer.stateTensors,
            firstElements: Dictionary(
                uniqueKeysWithValues: slices.map { ($0.key, $0.place.range.lowerBound) }))
    }

    /// Restores the states of an earlier run, which may have had another number of ranks.
    ///
    /// - Parameters:
    ///   - files: All files of the states.
    ///   - path: The path for errors.
    /// - Throws: `ParameterError.optimizerState` if they do not match the parameters.
    package func restore(_ files: [OptimizerStateFile], path: String) throws {
        if sharding == .none, files.count == 1, files[0].firstElements == nil {
            return try optimizer.restore(
                Dictionary(files[0].tensors.map { ($0.name, $0.tensor) }) { first, _ in first },
                file: path)
        }
        let pieces = StatePieces(files)
        var tensors: [String: Tensor] = [:]
        if sharding == .none {
            for (key, tensor) in parameters {
                try pieces.collect(
                    key, 0..<tensor.count, shape: tensor.shape, path, into: &tensors)
            }
        } else {
            for slice in slices {
                let range = slice.place.range
                try pieces.collect(
                    slice.key, range, shape: [range.count], path, into: &tensors)
            }
        }
        let unknown = pieces.keys.subtracting(parameters.map(\.key))
        guard unknown.isEmpty else {
            throw ParameterError.optimizerState(
                file: path, reason: "it has states of parameters that the model lacks")
        }
        try optimizer.restore(tensors, file: path)
    }
}

/// The states of all files, by name, each in pieces of consecutive elements.
private struct StatePieces {
    private var pieces: [String: [(first: Int, values: Tensor)]] = [:]
    private(set) var keys: Set<String> = []

    init(_ files: [OptimizerStateFile]) {
        for file in files {
            for (name, tensor) in file.tensors {
                let key = String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
                keys.insert(key)
                let first = file.firstElements.map { $0[key] ?? 0 } ?? 0
                pieces[name, default: []].append((first, tensor))
            }
        }
    }

    /// Adds the elements `range` of all states of a parameter to `tensors`.
    func collect(
        _ key: String, _ range: Range<Int>, shape: [Int], _ path: String,
        into tensors: inout [String: Tensor]
    ) throws {
        for part in AdamW.stateNames {
            let name = "\(key).\(part)"
            guard let found = pieces[name] else { continue }
            guard part != AdamW.stepName else {
                tensors[name] = found[0].values
                continue
            }
            var (parts, next) = ([Tensor](), range.lowerBound)
            for (first, values) in found.sorted(by: { $0.first < $1.first }) {
                let own = range.clamped(to: first..<first + values.count)
                guard !own.isEmpty else { continue }
                guard own.lowerBound == next else { break }
                let flat = values.reshaped([values.count])
                parts.append(flat.narrowed(0, own.lowerBound - first..<own.upperBound - first))
                next = own.upperBound
            }
            guard next == range.upperBound else {
                throw ParameterError.optimizerState(
                    file: path, reason: "\(name) lacks elements from \(next) on")
            }
            tensors[name] = (parts.count == 1 ? parts[0] : .concatenated(parts)).reshaped(shape)
        }
    }
}
