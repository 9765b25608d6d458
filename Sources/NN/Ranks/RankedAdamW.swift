// AdamW in a run of several processes: gradients are summed over ranks once per step, and the
// optimiser's states are replicated or sharded (ZeRO stage 1, arXiv 1910.02054).

import Foundation
package import Torch

/// AdamW whose gradients come from all ranks of a run.
///
/// Gradients are reduced after the last backward pass of a step, over all parameters in one fixed
/// order, so ranks may run different numbers of passes. With `Sharding.states` a rank keeps the
/// masters, moments and averages of its part of every bucket only, and updates only these weights;
/// the results have the bits of replicated states where the transport sums alike (Gloo does).
package final class RankedAdamW {
    /// Which values each rank keeps only its part of.
    package enum Sharding: Int, Sendable, Hashable, CaseIterable {
        /// Every rank has all states.
        case none = 0
        /// Masters, moments and averages are divided among the ranks (ZeRO-1).
        case states = 1
    }

    /// The number of elements that are exchanged in one operation, unless a parameter has more.
    package static var bucketCount: Int { ParameterPartition.bucketCount }

    /// The elements of a parameter that this rank updates.
    struct OwnSlice {
        let key: String
        let place: ParameterPartition.Slice
        /// A view of the elements; its gradient is that of the sharded update.
        let values: Tensor
    }

    package let settings: AdamW.Settings
    package let sharding: Sharding
    let parameters: [(key: String, tensor: Tensor)]
    let optimizer: AdamW
    /// Empty in a run of one process.
    let slices: [OwnSlice]
    private let partition: ParameterPartition
    private let collectives: any Collectives

    /// Creates an optimiser; all ranks pass the same parameters in the same order.
    package init(
        _ parameters: [(key: String, tensor: Tensor)], settings: AdamW.Settings,
        undecayed: Set<String> = [], over collectives: any Collectives = SingleProcess(),
        sharding: Sharding = .none
    ) {
        self.parameters = parameters
        self.settings = settings
        self.collectives = collectives
        let isRanked = collectives.worldSize > 1
        self.sharding = isRanked ? sharding : .none
        partition = ParameterPartition(
            isRanked ? parameters.map { ($0.tensor.count, $0.tensor.dtype) } : [],
            worldSize: collectives.worldSize)
        slices = partition.slices(of: collectives.rank).map { place in
            let (key, tensor) = parameters[place.parameter]
            let values = tensor.detached().reshaped([tensor.count]).narrowed(0, place.range)
            return OwnSlice(key: key, place: place, values: values)
        }
        optimizer = AdamW(
            self.sharding == .none ? parameters : slices.map { ($0.key, $0.values) },
            settings: settings, undecayed: undecayed)
    }

    // MARK: Gradients

    /// Sums the gradients over all ranks, and returns their Euclidean norm, which is bit-identical
    /// on all of them. A gradient that is missing on some ranks counts as zero there; a parameter
    /// without a gradient on any rank keeps none, and `step` leaves it unchanged.
    package func reduceGradients() -> Double {
        guard collectives.worldSize > 1 else {
            return GradientClipping.totalNorm(parameters.map(\.tensor))
        }
        let counts = collectives.sum(
            parameters.map { $0.tensor.gradient == nil ? 0 : 1 }
                + parameters.map { $0.tensor.gradient?.dtype == .float32 ? 1 : 0 })
        let (exist, wide) = (counts.prefix(parameters.count), counts.suffix(parameters.count))
        for (index, bucket) in partition.buckets.enumerated() {
            let present = bucket.entries.filter { exist[$0.parameter] > 0 }
            guard !present.isEmpty else { continue }
            let isWide = present.contains { wide[parameters.count + $0.parameter] > 0 }
            let flat = Tensor.zeros(
                [bucket.count], dtype: isWide ? .float32 : bucket.dtype,
                on: parameters[present[0].parameter].tensor.device)
            for entry in present {
                guard let gradient = parameters[entry.parameter].tensor.gradient else { continue }
                withoutGradient { flat.part(entry).assign(gradient.reshaped([entry.count])) }
            }
            switch sharding {
            case .none: replace(present, by: flat)
            case .states: scatter(present, of: index, flat)
            }
        }
        let own = slices.compactMap { slice -> Tensor? in
            guard sharding == .none else { return slice.values.gradient }
            return parameters[slice.place.parameter].tensor.gradient.map {
                $0.reshaped([$0.count]).narrowed(0, slice.place.range)
            }
        }
        let norm = totalNorm(own).item()
        return collectives.sum([norm * norm])[0].squareRoot()
    }

    /// Sets the gradients of the entries to the sums over all ranks.
    private func replace(_ entries: [ParameterPartition.Entry], by flat: Tensor) {
        collectives.reduce([flat])
        for entry in entries {
            let tensor = parameters[entry.parameter].tensor
            let sum = flat.part(entry).reshaped(tensor.shape)
            if let gradient = tensor.gradient, gradient.dtype == flat.dtype {
                withoutGradient { gradient.assign(sum) }
            } else {
                tensor.setGradient(sum.clone())
            }
        }
    }

    /// Sets the gradients of this rank's slices to the sums over all ranks, and frees the others.
    private func scatter(_ entries: [ParameterPartition.Entry], of bucket: Int, _ flat: Tensor) {
        let part = collectives.reduceScatter(flat)
        let present = Set(entries.map(\.parameter))
        for entry in entries { parameters[entry.parameter].tensor.setGradient(nil) }
        for slice in slices
        where slice.place.bucket == bucket && present.contains(slice.place.parameter) {
            let first = slice.place.offset
            slice.values.setGradient(
                part.narrowed(0, first..<first + slice.place.range.count))
        }
    }

    /// Clears all gradients.
    package func clearGradients() {
        for (_, tensor) in parameters { tensor.setGradient(nil) }
        for slice in slices { slice.values.setGradient(nil) }
    }

    // MARK: Updates

    /// Updates every parameter that has a gradient, after `reduceGradients`.
    package func step(learningRate: Double, gradientFactor: Double = 1) {
        optimizer.step(learningRate: learningRate, gradientFactor: gradientFactor)
        if sharding == .states { gatherWeights() }
    }

    /// Replaces all weights by those of the ranks that own them.
    private func gatherWeights() {
        for (index, bucket) in partition.buckets.enumerated() {
            guard let first = bucket.entries.first else { continue }
            let part = Tensor.zeros(
                [bucket.count / partition.worldSize], dtype: bucket.dtype,
                on: parameters[first.parameter].tensor.device)
            for slice in slices where slice.place.bucket == index {
                let first = slice.place.offset
                part.narrowed(0, first..<first + slice.place.range.count).assign(slice.values)
            }
            let whole = collectives.allGather(part)
            for entry in bucket.entries {
                let tensor = parameters[entry.parameter].tensor
                tensor.assign(whole.part(entry).reshaped(tensor.shape))
            }
        }
    }

    // MARK: The average of the weights

    /// Replaces the parameters with their averages, if there are any, on all ranks together;
    /// masters and moments stay.
    package func applyAverages() {
        guard settings.averageDecay != nil else { return }
        _ = optimizer.applyAverages()
        if sharding == .states { gatherWeights() }
    }

    /// Runs `body` with the parameters replaced by their averages, if any, on all ranks together.
    /// Afterwards the parameters are restored bit for bit, also if `body` throws.
    ///
    /// - Throws: `TorchError`, `RankError`, errors of `body`.
    package func withAverages<Value>(_ body: () throws -> Value) throws -> Value {
        guard sharding == .states, settings.averageDecay != nil else {
            return try optimizer.withAverages(body)
        }
        var hasBegun = false
        let result = Result {
            try optimizer.withAverages {
                hasBegun = true
                try catchingTorchErrors { gatherWeights() }
                return try body()
            }
        }
        // A rank without memory for the copies ends, and takes part in neither exchange.
        if hasBegun { try catchingTorchErrors { gatherWeights() } }
        return try result.get()
    }
}

extension Tensor {
    /// The elements of one parameter in the vector of a bucket.
    fileprivate func part(_ entry: ParameterPartition.Entry) -> Tensor {
        narrowed(0, entry.offset..<entry.offset + entry.count)
    }
}
