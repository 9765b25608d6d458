// The figures that every benchmark prints.

import Foundation
package import MoCaModel
package import Torch

/// The measurements of one timed pass, with the device's peak in the same run.
package struct Throughput: Sendable, Hashable, Codable {
    package var task: String
    package var items: Int
    package var tokens: Int
    package var patches: Int
    package var seconds: Double
    package var itemsPerSecond: Double
    package var tokensPerSecond: Double
    /// GFLOPs per second, by the formula of `ForwardCost`.
    package var gigaflopsPerSecond: Double
    /// The peak GFLOPs per second of a square matrix product.
    package var gemmGigaflopsPerSecond: Double
    package var shareOfPeak: Double
    /// The fraction of the peak, both measured in processor time.
    package var shareOfPeakByProcessorTime: Double
    package var peakResidentBytes: Int
    package var loadSeconds: Double
    package var dtype: String
    package var threads: Int
    /// The memory of a training step; nil if the system does not report it.
    package var stepMemory: StepMemory?

    /// The memory that a training step needs beside weights and moments.
    package struct StepMemory: Sendable, Hashable, Codable {
        /// Resident memory before the step, in bytes: weights, moments and the program.
        package var residentBytes: Int
        /// Peak resident memory during the step, in bytes.
        package var peakBytes: Int

        enum CodingKeys: String, CodingKey {
            case residentBytes = "resident_bytes"
            case peakBytes = "peak_bytes"
        }

        package init(residentBytes: Int, peakBytes: Int) {
            (self.residentBytes, self.peakBytes) = (residentBytes, peakBytes)
        }
    }

    enum CodingKeys: String, CodingKey {
        case task, items, tokens, patches, seconds, dtype, threads
        case itemsPerSecond = "items_per_s"
        case tokensPerSecond = "tokens_per_s"
        case gigaflopsPerSecond = "gflop_per_s"
        case gemmGigaflopsPerSecond = "gemm_peak_gflop_per_s"
        case shareOfPeak = "share_of_peak"
        case shareOfPeakByProcessorTime = "share_of_peak_by_cpu_time"
        case peakResidentBytes = "peak_rss_bytes"
        case loadSeconds = "load_seconds"
        case stepMemory = "step_memory"
    }

    /// The raw counts and times of one timed pass.
    package struct Pass: Sendable, Hashable {
        package var items = 0
        package var tokens = 0
        package var patches = 0
        package var operations = 0.0
        package var seconds = 0.0
        package var processorSeconds = 0.0

        package init() {}
    }

    package init(
        task: String, _ pass: Pass, peak: GEMMPeak.Rate, loadSeconds: Double, dtype: String,
        threads: Int
    ) {
        (self.task, items, tokens, patches) = (task, pass.items, pass.tokens, pass.patches)
        seconds = pass.seconds
        itemsPerSecond = Double(pass.items) / pass.seconds
        tokensPerSecond = Double(pass.tokens) / pass.seconds
        gigaflopsPerSecond = pass.operations / pass.seconds / 1e9
        gemmGigaflopsPerSecond = peak.perSecond / 1e9
        shareOfPeak = pass.operations / pass.seconds / peak.perSecond
        shareOfPeakByProcessorTime =
            pass.operations / pass.processorSeconds / peak.perProcessorSecond
        peakResidentBytes = ProcessMemory.peakResidentBytes
        (self.loadSeconds, self.dtype, self.threads) = (loadSeconds, dtype, threads)
    }

    /// The figures as text.
    package var summary: String {
        let numbers = String(
            format: "%.2f items/s, %.0f tokens/s, %.1f GFLOP/s = %.0f %% of the %.1f GFLOP/s gemm "
                + "peak (%.0f %% by processor time), %.0f MB peak",
            itemsPerSecond, tokensPerSecond, gigaflopsPerSecond, 100 * shareOfPeak,
            gemmGigaflopsPerSecond, 100 * shareOfPeakByProcessorTime,
            Double(peakResidentBytes) / 1e6)
        let memory = stepMemory.map { memory in
            String(
                format: "; a step takes %.0f MB beside %.0f MB of weights and moments",
                Double(memory.peakBytes - memory.residentBytes) / 1e6,
                Double(memory.residentBytes) / 1e6)
        }
        return "\(task): \(numbers)\(memory ?? "")"
    }
}

extension Throughput.Pass {
    /// Counts one input of a forward pass.
    package mutating func add(_ outline: InputOutline, _ cost: any ForwardCost) {
        items += 1
        tokens += outline.ids.count
        patches += outline.patchCount
        operations += cost.ofSequence(tokens: outline.ids.count)
        operations += outline.plans.reduce(0) { $0 + cost.ofImage($1) }
    }
}
