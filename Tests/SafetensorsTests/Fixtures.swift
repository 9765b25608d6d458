// Where the golden files lie, and what their tensors hold.

import Foundation
import MoCaTestSupport

@testable import Safetensors

/// Tests/Fixtures/safetensors.
let fixtures = Repository.fixtures.appending(path: "safetensors")

/// The bytes of tensor `name`, as scripts/fixtures/safetensors.py makes them.
func pattern(_ name: String, count: Int) -> Data {
    let seed = name.utf8.reduce(0) { $0 + Int($1) }
    return Data((0..<count).map { UInt8((seed + 7 * $0) & 0xff) })
}

/// The tensors of a file with their bytes, in the order of the file.
func contents(_ file: SafetensorsFile) throws -> [(tensor: SafetensorsDeclaration, bytes: Data)] {
    try file.names.map { name in
        let entry = try file.entry(name)
        return (
            SafetensorsDeclaration(name, entry.dtype, entry.shape),
            try file.withBytes(of: name) { Data($0) }
        )
    }
}

/// Reads the header of a whole file's bytes.
func header(_ bytes: Data) throws -> SafetensorsHeader {
    try bytes.withUnsafeBytes { try SafetensorsHeader($0, file: "f") }
}
