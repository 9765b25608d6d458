// The evaluation that a recipe sets for its run: training and evaluation meet in the program only.

import Foundation
import MoCaEvaluation
import MoCaTraining

extension RunningEvaluation {
    /// Creates the evaluation of a recipe's `evaluation` section.
    init(_ settings: Recipe.Evaluation, isInterrupted: @escaping @Sendable () -> Bool) {
        let (benchmark, data): (Benchmark, URL) =
            switch settings.benchmark {
            case .mmeb(let folder): (.mmeb, folder)
            case .vidore(let folder): (.vidore, folder)
            case .retrieval(let folder): (.retrieval, folder)
            }
        self.init(
            benchmark: benchmark, data: URL(fileURLWithPath: data.path, isDirectory: true))
        images = settings.images.map { URL(fileURLWithPath: $0.path, isDirectory: true) }
        subsets = settings.subsets
        if settings.isNano || settings.queryCountMax != nil {
            var part = settings.isNano ? EvaluationPart.nano : EvaluationPart()
            part.queryCount = settings.queryCountMax ?? part.queryCount
            self.part = part
        }
        self.isInterrupted = isInterrupted
    }
}
