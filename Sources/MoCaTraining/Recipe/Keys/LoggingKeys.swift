// `logging`: the logs of a run and their intervals.

import MoCaSettings

extension Recipe.Logging {
    static func keys(_ stage: Recipe.Stage) -> [RecipeKey<Self>] {
        [
            .integer("every_steps", \.everySteps, in: 1...recipeSizeMax),
            stage == .pretrain
                ? period("reconstruction_every_steps", \.reconstructionEverySteps)
                : period("health_every_steps", \.healthEverySteps),
            .bool("tensorboard", \.writesEventFiles),
        ]
    }

    /// The number of steps between two measurements, 0 for none; the default is every tenth log.
    private static func period(
        _ key: String, _ path: WritableKeyPath<Self, Int>
    ) -> RecipeKey<Self> {
        RecipeKey { section, logging in
            logging[keyPath: path] = section.integer(
                key, in: 0...10 * recipeSizeMax, default: 10 * logging.everySteps)
        } write: {
            [(key, .value($0[keyPath: path]))]
        }
    }
}
