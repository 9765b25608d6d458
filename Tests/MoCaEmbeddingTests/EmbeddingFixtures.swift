import Foundation
import MoCaTestSupport

/// The golden fixtures of the model.
let modelFixtures = Repository.fixtures.appending(path: "model")

/// A tiny model with images and text.
let checkpoint = Repository.tinyCheckpoint
