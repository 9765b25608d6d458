// The place of this process among those of a launcher, for commands that divide their work.

import Foundation
import MoCaEmbedding
import MoCaRanks
import MoCaVectors
import Torch

/// The rank that a launcher gave this process.
struct LaunchedRank {
    private let environment: RankEnvironment
    private let variables: [String: String]

    /// The rank of this process; nil if no launcher started it, or it is the only one.
    ///
    /// - Throws: an error of the launcher's variables.
    static func current() throws -> LaunchedRank? {
        let variables = ProcessInfo.processInfo.environment
        // These commands meet in a folder, and need no address.
        let unaddressed = ["MASTER_ADDR": "localhost"].merging(variables) { $1.isEmpty ? $0 : $1 }
        guard let environment = try RankEnvironment.read(unaddressed) else { return nil }
        return LaunchedRank(environment: environment, variables: variables)
    }

    /// Whether this process is the one that reports.
    var isFirst: Bool { environment.rank == 0 }

    /// Whether the launcher has started the ranks again after a failure.
    var isRestarted: Bool { environment.restartCount > 0 }

    /// The share of this process in work on vectors.
    ///
    /// Each rank of a host gets a CUDA device of its own, unless another one than the first was chosen.
    ///
    /// - Parameters:
    ///   - options: the options of the embedder, whose device is changed.
    ///   - note: receives what the process waits for.
    /// - Throws: an error of the launcher's variables.
    func share(
        _ options: inout EmbedderOptions, note: @escaping @Sendable (String) -> Void
    ) throws -> RankShare {
        var share = RankShare(rank: environment.rank, of: environment.worldSize)
        share.onWait = note
        guard options.device.kind == .cuda, options.device.index == 0 else { return share }
        share.device = options.device.description
        options.device = Device(.cuda, index: try environment.deviceIndex(variables))
        return share
    }
}
