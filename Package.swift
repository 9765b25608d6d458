// swift-tools-version: 6.2
// The list of targets, read from top to bottom, is the journey of the data: see ARCHITECTURE.md.
import Foundation
import PackageDescription

// MARK: - Native libraries

let root = Context.packageDirectory
let environment = Context.environment

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// Where `make setup` unpacks the wheels that carry native libraries.
let deps = environment["MOCA_DEPS"] ?? "\(root)/.deps"

/// The folder that holds libtorch's `include` and `lib`: `$LIBTORCH` (an unpacked libtorch or a
/// wheel's folder), else what `make setup` unpacked.
let libtorch: String = {
    let candidates = environment["LIBTORCH"].map { [$0, "\($0)/torch"] } ?? ["\(deps)/torch"]
    guard let found = candidates.first(where: { exists("\($0)/include/ATen/ATen.h") }) else {
        let message = """

            error: libtorch was not found in \(candidates.joined(separator: " or ")). Do one of these:
              make setup                              # unpacks the pinned wheels into .deps/
              export LIBTORCH=/path/to/libtorch       # an unpacked libtorch that you have
              export LIBTORCH=$(python3 -c 'import torch; print(torch.__path__[0])')

            """
        FileHandle.standardError.write(Data(message.utf8))
        exit(1)
    }
    return found
}()

/// The folder of the pyarrow wheel, which carries Arrow C++'s headers and libraries.
let pyarrow: String = environment["PYARROW"] ?? "\(deps)/pyarrow"

// MARK: - Settings

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let torchCXX: [CXXSetting] = [
    .headerSearchPath("gloo_names"),
    .define("USE_C10D_GLOO"),
    .unsafeFlags([
        "-isystem", "\(libtorch)/include",
        "-isystem", "\(libtorch)/include/torch/csrc/api/include", "-Wno-deprecated-declarations",
    ]),
]
let torchLink: [LinkerSetting] = [
    .unsafeFlags(["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]),
    .linkedLibrary("torch_cpu"), .linkedLibrary("torch"), .linkedLibrary("c10"),
    .linkedLibrary("m"),
]
let arrowCXX: [CXXSetting] = [
    .unsafeFlags(["-isystem", "\(pyarrow)/include", "-Wno-deprecated-declarations"])
]
let arrowLink: [LinkerSetting] = [
    .unsafeFlags([
        "-L\(pyarrow)", "-Xlinker", "-rpath", "-Xlinker", pyarrow,
        "-l:libarrow.so.2600", "-l:libparquet.so.2600",
    ])
]

/// A Swift target, what it imports, and the files that become part of its code.
func target(
    _ name: String, _ dependencies: [Target.Dependency] = [], embedding files: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, resources: files.map { .embedInCode($0) },
        swiftSettings: swift)
}

/// The tests of a target, and what they import besides `MoCaTestSupport`.
func tests(
    of name: String, _ dependencies: [Target.Dependency] = [], excluding folders: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.init(stringLiteral: name), "MoCaTestSupport"] + dependencies,
        exclude: folders, swiftSettings: swift)
}

/// A program that measures one target; `make bench` runs it beside its peer.
func benchmark(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Benchmarks/\(name)", swiftSettings: swift)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let ordered = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// MARK: - Targets

let package = Package(
    name: "moca",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Torch", targets: ["MoCaCore", "Safetensors", "Torch"]),
        .library(name: "NN", targets: ["MoCaCore", "NN", "Safetensors", "Torch"]),
        .library(name: "MoCaEmbedding", targets: ["MoCaCore", "MoCaEmbedding"]),
        .executable(name: "moca", targets: ["moca"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CTorch", cxxSettings: torchCXX, linkerSettings: torchLink),
        .target(name: "CArrow", cxxSettings: arrowCXX, linkerSettings: arrowLink),
        .systemLibrary(
            name: "SystemVips", pkgConfig: "vips",
            providers: [.apt(["libvips-dev"]), .brew(["vips"])]),
        .target(name: "CVips", dependencies: ["SystemVips"]),
        .systemLibrary(
            name: "SystemArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev", "zlib1g-dev"]), .brew(["libarchive"])]),
        .target(
            name: "CArchive", dependencies: ["SystemArchive"],
            linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CPixels"),
        target("MoCaCore"),
        target("MoCaSystem", ["MoCaCore", crypto, deque]),
        target("MoCaSettings", ["MoCaCore", "MoCaSystem", ordered, yams]),
        target("MoCaHub", ["MoCaCore", "MoCaSettings", "MoCaSystem"]),
        target("Safetensors", ["MoCaCore", "MoCaSettings", "MoCaSystem"]),
        target("Torch", ["CTorch", "MoCaCore", "MoCaSystem", "Safetensors"]),
        target("MoCaRanks", ["MoCaCore", "MoCaSystem", "Torch"]),
        target("NN", ["MoCaCore", "Safetensors", "Torch"]),
        target("MoCaTokenizer", ["MoCaCore", "MoCaSettings", "MoCaSystem"]),
        target("MoCaImage", ["MoCaCore", "MoCaSettings", "CVips", "CPixels"]),
        target(
            "MoCaModel",
            ["MoCaCore", "MoCaHub", "MoCaSettings", "MoCaSystem", "NN", "Safetensors", "Torch"]),
        target(
            "MoCaObjectives",
            [
                "MoCaCore", "MoCaModel", "MoCaSystem", "NN", "Safetensors", "Torch",
            ]),
        target(
            "MoCaProcessing", ["MoCaCore", "MoCaImage", "MoCaModel", "MoCaTokenizer", "Torch"]),
        target(
            "MoCaTables",
            [
                "CArchive", "CArrow", "MoCaCore", "MoCaSettings", "MoCaSystem",
            ]),
        target(
            "MoCaData", ["MoCaCore", "MoCaSettings", "MoCaSystem", "MoCaTables"]),
        target(
            "MoCaDataPreparation",
            [
                "MoCaCore", "MoCaHub", "MoCaSettings", "MoCaSystem", "MoCaTables",
            ]),
        target(
            "MoCaDataCheck",
            [
                "MoCaCore", "MoCaData", "MoCaImage", "MoCaModel", "MoCaProcessing",
                "MoCaSettings", "MoCaSystem", "MoCaTables", "MoCaTokenizer",
            ]),
        target("MoCaRunLog", ["MoCaCore", "MoCaSystem"]),
        target(
            "MoCaTraining",
            [
                "MoCaCore", "MoCaData", "MoCaDataCheck", "MoCaHub", "MoCaImage", "MoCaModel",
                "MoCaObjectives", "MoCaProcessing", "MoCaRanks", "MoCaRunLog", "MoCaSettings",
                "MoCaSystem", "MoCaTables", "MoCaTokenizer", "NN", "Safetensors", "Torch",
            ]),
        target(
            "MoCaEmbedding",
            [
                "MoCaCore", "MoCaHub", "MoCaImage", "MoCaModel", "MoCaProcessing", "MoCaSystem",
                "NN", "Safetensors", "Torch",
            ]),
        target(
            "MoCaVectors",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaHub", "MoCaImage", "MoCaModel",
                "MoCaProcessing", "MoCaSettings", "MoCaSystem", "MoCaTables", "Safetensors",
                "Torch",
            ],
            embedding: ["Resources/demos.json"]),
        target(
            "MoCaSearch",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaSettings", "MoCaSystem",
                "MoCaTables", "MoCaVectors", "Safetensors", "Torch",
            ]),
        target(
            "MoCaEvaluation",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaSearch", "MoCaSettings",
                "MoCaSystem", "MoCaTables", "MoCaVectors", "Safetensors", "Torch",
            ],
            embedding: ["Resources/published.json"]),
        target(
            "MoCaReport",
            [
                "MoCaCore", "MoCaData", "MoCaDataCheck", "MoCaEmbedding", "MoCaEvaluation",
                "MoCaHub", "MoCaImage", "MoCaModel", "MoCaObjectives", "MoCaProcessing",
                "MoCaRunLog",
                "MoCaSearch", "MoCaSettings", "MoCaSystem", "MoCaTables", "MoCaTokenizer",
                "MoCaTraining",
                "MoCaVectors",
            ]),
        .executableTarget(
            name: "moca",
            dependencies: [
                "MoCaCore", "MoCaTokenizer", "Torch", "NN", "MoCaModel", "MoCaProcessing",
                "MoCaData", "MoCaDataPreparation", "MoCaDataCheck", "MoCaHub", "MoCaRunLog",
                "MoCaTraining", "MoCaEmbedding", "MoCaVectors", "MoCaSearch", "MoCaEvaluation",
                "MoCaRanks", "MoCaReport", "MoCaSystem", "MoCaSettings", "MoCaTables", arguments,
            ], swiftSettings: swift),
        .target(
            name: "MoCaTestSupport", path: "Tests/MoCaTestSupport", swiftSettings: swift),
        .target(
            name: "MoCaRankSupport", dependencies: ["MoCaRanks", "MoCaSystem", "Torch"],
            path: "Tests/MoCaRankSupport", swiftSettings: swift),
        tests(of: "CTorch"),
        tests(of: "MoCaCore"),
        tests(of: "MoCaSystem", ["MoCaCore"]),
        tests(of: "MoCaSettings", ["MoCaCore", "MoCaSystem"]),
        tests(of: "CArchive"),
        tests(of: "MoCaHub", ["MoCaCore", "MoCaSystem"]),
        tests(of: "Safetensors", ["MoCaCore"]),
        tests(of: "MoCaTokenizer", ["MoCaCore"]),
        tests(of: "MoCaImage", ["MoCaCore", "CVips"]),
        tests(of: "Torch", ["MoCaCore", "MoCaRankSupport", "MoCaRanks", "Safetensors"]),
        tests(of: "MoCaRanks", ["MoCaCore", "MoCaRankSupport", "MoCaSystem", "Torch"]),
        tests(of: "NN", ["MoCaCore", "MoCaRankSupport", "Safetensors", "Torch"]),
        tests(of: "MoCaModel", ["MoCaCore", "MoCaSettings", "NN", "Safetensors", "Torch"]),
        tests(
            of: "MoCaObjectives",
            [
                "MoCaCore", "MoCaModel", "MoCaRankSupport", "MoCaTraining", "NN", "Safetensors",
                "Torch",
            ]),
        tests(
            of: "MoCaProcessing",
            ["MoCaCore", "MoCaImage", "MoCaModel", "MoCaTokenizer", "Torch"]),
        tests(of: "MoCaTables", ["CArrow", "MoCaCore", "MoCaSettings", "MoCaSystem"]),
        tests(of: "MoCaData", ["MoCaCore", "MoCaSystem", "MoCaTables"]),
        tests(of: "MoCaDataPreparation", ["MoCaCore", "MoCaHub", "MoCaSystem"]),
        tests(
            of: "MoCaDataCheck",
            [
                "MoCaCore", "MoCaData", "MoCaImage", "MoCaModel", "MoCaProcessing",
                "MoCaTables", "MoCaTokenizer",
            ]),
        tests(of: "MoCaRunLog", ["MoCaCore", "MoCaSystem"]),
        tests(
            of: "MoCaTraining",
            [
                "MoCaCore", "MoCaData", "MoCaImage", "MoCaModel", "MoCaObjectives",
                "MoCaProcessing", "MoCaRankSupport", "MoCaRanks", "MoCaRunLog", "MoCaTables",
                "MoCaTokenizer", "NN", "Safetensors", "Torch",
            ]),
        tests(
            of: "MoCaEmbedding", ["MoCaCore", "MoCaModel", "MoCaProcessing", "Torch"]),
        tests(
            of: "MoCaVectors",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaModel", "MoCaProcessing",
                "MoCaSettings", "MoCaSystem", "MoCaTables", "Safetensors", "Torch",
            ]),
        tests(
            of: "MoCaSearch",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaSystem", "MoCaTables", "MoCaVectors",
                "Torch",
            ]),
        tests(
            of: "MoCaEvaluation",
            [
                "MoCaCore", "MoCaData", "MoCaEmbedding", "MoCaSearch", "MoCaSettings",
                "MoCaTables", "MoCaVectors", "Torch",
            ]),
        tests(of: "MoCaReport", ["MoCaCore", "MoCaRunLog", "MoCaTraining"]),
        tests(
            of: "moca",
            [
                "MoCaCore", "MoCaDataCheck", "MoCaDataPreparation", "MoCaEmbedding",
                "MoCaEvaluation", "MoCaHub", "MoCaImage", "MoCaModel", "MoCaProcessing",
                "MoCaReport", "MoCaRunLog", "MoCaSearch", "MoCaSettings", "MoCaTraining",
                "MoCaVectors", "Torch",
            ],
            excluding: ["Help"]),
    ],
    cxxLanguageStandard: .cxx20
)

// MARK: - Benchmarks

// They measure `package` API, which another package cannot see, and every other build does without
// them: `make bench` sets the variable.
if environment["MOCA_BENCHMARKS"] == "1" {
    package.targets += [
        benchmark("TokenizerBenchmark", ["MoCaTokenizer"]),
        benchmark("ImageBenchmark", ["MoCaImage", "MoCaCore"]),
        benchmark("PipelineBenchmark", ["MoCaTraining"]),
        benchmark("RanksBenchmark", ["MoCaRanks", "Torch"]),
        benchmark(
            "RetrievalBenchmark",
            ["MoCaCore", "Torch", "MoCaSearch", "MoCaEvaluation", "MoCaVectors"]),
    ]
}
