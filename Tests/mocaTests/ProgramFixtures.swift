import Foundation
import MoCaTestSupport

/// The golden fixtures.
let fixtures = Repository.fixtures

/// A tiny model with images and text.
let checkpoint = Repository.tinyCheckpoint
