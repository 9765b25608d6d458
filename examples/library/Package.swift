// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "app",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "moca", path: "../..")],
    targets: [
        .executableTarget(
            name: "app", dependencies: [.product(name: "MoCaEmbedding", package: "moca")])
    ]
)
