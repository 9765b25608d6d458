// swift-tools-version: 6.2
// The list of targets, read from top to bottom, is the journey of the data: see ARCHITECTURE.md.
import Foundation
import PackageDescription

// MARK: - Native libraries

let root = Context.packageDirectory
let environment = Context.environment

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// The folder that holds libtorch's `include` and `lib`: `$LIBTORCH` (an unpacked libtorch or a
/// wheel's folder), else what `make setup` unpacked.
let libtorch: String = {
    let deps = environment["MOCA_DEPS"] ?? "\(root)/.deps"
    let candidates = environment["LIBTORCH"].map { [$0, "\($0)/torch"] } ?? ["\(deps)/torch"]
    guard let found = candidates.first(where: { exists("\($0)/include/ATen/ATen.h") }) else {
        fatalError(
            """
            libtorch was not found in \(candidates.joined(separator: " or ")). Do one of these:
              make setup                                   # unpacks the pinned wheels into .deps/
              LIBTORCH=/path/to/libtorch swift build       # an unpacked libtorch you already have
              LIBTORCH=$(python3 -c 'import torch, os; print(os.path.dirname(torch.__file__))') swift build
            """)
    }
    return found
}()

/// The folder of the pyarrow wheel, which carries Arrow C++'s headers and libraries.
let pyarrow: String = environment["PYARROW"] ?? "\(environment["MOCA_DEPS"] ?? "\(root)/.deps")/pyarrow"

// MARK: - Settings

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let torchCXX: [CXXSetting] = [
    .unsafeFlags(["-isystem", "\(libtorch)/include", "-Wno-deprecated-declarations"])
]
let torchLink: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    .linkedLibrary("torch_cpu"), .linkedLibrary("torch"), .linkedLibrary("c10"),
    .linkedLibrary("m"),
]

// MARK: - Targets

let package = Package(
    name: "moca",
    platforms: [.macOS(.v15)],
    products: [],
    targets: [
        .target(name: "MoCaCore", swiftSettings: swift)
    ],
    cxxLanguageStandard: .cxx20
)
