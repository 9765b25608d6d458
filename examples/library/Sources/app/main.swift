import Foundation
import MoCaCore
import MoCaEmbedding

let folder = URL(filePath: "models/nano")
let photo = URL(filePath: "examples/pictures/red-apple.jpg")
let embedder = try await Embedder(loading: folder)
let queries = try await embedder.embed([.text("a red apple")], as: .query)
let targets = try await embedder.embed([.image(photo), .text("a pear")])
let mixed = try await embedder.embed([Content([.image(.file(photo)), .text("on a table")])])
print(queries[0].similarity(to: targets[0]), mixed[0].similarity(to: targets[0]))
