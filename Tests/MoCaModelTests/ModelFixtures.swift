// Where the golden files of the model are.

import Foundation
import MoCaTestSupport

/// Tests/Fixtures/model.
enum ModelFixtures {
    static let folder = Repository.fixtures.appending(path: "model")

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: path))
    }

    static func lines(_ path: String) throws -> [String] {
        String(decoding: try data(path), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: data(path))
    }
}
