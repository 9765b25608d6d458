// The options of every command that loads a model.

public import ArgumentParser
import Foundation
public import MoCaCore
import MoCaEmbedding
import MoCaHub

extension TruncationPolicy: ExpressibleByArgument {}
extension OrientationPolicy: ExpressibleByArgument {}

/// A value of `--attention`: the model's own mode, or another one.
enum AttentionChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, bidirectional, causal

    /// The mode; nil leaves the choice to the model.
    var mode: AttentionMode? { AttentionMode(rawValue: rawValue) }
}

/// A value of `--pooling`: the model's own mode, or another one.
enum PoolingChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, mean, last, cls

    /// The mode; nil leaves the choice to the model.
    var mode: PoolingMode? { PoolingMode(rawValue: rawValue) }
}

/// The option that selects a model.
struct ModelFolder: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "The model: a folder in Hugging Face layout, or ORG/NAME[@REVISION] of the Hugging "
                + "Face Hub (default: $MOCA_MODEL, else the model that comes with the program).",
            valueName: "model"))
    var path: String?

    @OptionGroup var hub: HubOptions

    /// The folder, checked to exist, or downloaded.
    ///
    /// - Parameter standard: the model if none is given; nil for the default model.
    /// - Throws: `CommandError`, `HubError`.
    func resolved(else standard: String? = nil) throws -> URL {
        guard let path = path ?? standard else { return try DefaultModel.folder(hub) }
        return try hub.folder(path, "--model")
    }
}

/// The option that selects an adapter of the model.
struct AdapterFolder: ParsableArguments {
    @Option(
        name: .customLong("adapter"),
        help: ArgumentHelp(
            "An adapter (LoRA or DoRA in PEFT's layout) to merge into the model: a folder, or a "
                + "name as of --model.",
            valueName: "adapter"))
    var path: String?

    /// The folder, checked to exist, or downloaded; nil if none was given.
    ///
    /// - Parameter model: the model that it is for.
    /// - Throws: `CommandError`, `HubError`, `ModelError`.
    func resolved(_ hub: HubOptions, of model: URL) throws -> URL? {
        try path.map { try hub.adapter($0, "--adapter", of: model) }
    }
}

/// The options that turn hidden states into a vector.
struct PoolingOptions: ParsableArguments {
    @Option(help: "Which tokens a token attends to; auto is the model's own.")
    var attention = AttentionChoice.auto

    @Option(help: "How hidden states become a vector; auto is the model's own.")
    var pooling = PoolingChoice.auto

    @Option(
        help: ArgumentHelp(
            "Keep the first numbers of each vector, normalised again.", valueName: "n"))
    var dimensions: Int?

    @Flag(inversion: .prefixedNo, help: "Give vectors unit length (default: the model's own).")
    var normalize: Bool?

    func validate() throws {
        try requirePositive(dimensions, "--dimensions")
    }
}

/// The options that turn inputs into tokens.
struct InputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Pixels of an image after resizing, at least.", valueName: "n"))
    var minPixels: Int?

    @Option(help: ArgumentHelp("Pixels of an image after resizing, at most.", valueName: "n"))
    var maxPixels: Int?

    @Option(
        help: ArgumentHelp(
            "Turn pictures by the orientation in their EXIF data, or leave them as stored (default: "
                + "the model's own, else ignore). TIFF is always turned."))
    var orient: OrientationPolicy?

    @Option(
        help: ArgumentHelp(
            "Tokens of an input, at most (default: the model's own, else nothing is cut).",
            valueName: "n"))
    var maxLength: Int?

    @Option(help: "What happens to a longer input (default: the model's own, else end).")
    var truncation: TruncationPolicy?

    @Option(
        help: ArgumentHelp(
            "Tokens that go through the model together (default: 1024 on a CPU, else 16384).",
            valueName: "n"))
    var batchTokens: Int?

    func validate() throws {
        try requirePositive(minPixels, "--min-pixels")
        try requirePositive(maxPixels, "--max-pixels")
        try requirePositive(maxLength, "--max-length")
        try requirePositive(batchTokens, "--batch-tokens")
        if let minPixels, let maxPixels, minPixels > maxPixels {
            throw ValidationError(
                "--min-pixels \(minPixels) must not be over --max-pixels \(maxPixels).")
        }
    }
}

/// The option that says what all inputs are embedded for.
struct InstructionOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What inputs are embedded for, of embedders that take an instruction (default: the "
                + "embedder's own).", valueName: "text"))
    var instruction: String?

    /// The instruction; nil for the embedder's own, also if it is blank.
    var text: String? { instruction?.unlessBlank }
}

/// The option that says what queries are embedded for.
struct QueryInstructionOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What queries are embedded for, of embedders that take an instruction (default: the "
                + "embedder's own, as for documents).", valueName: "text"))
    var instruction: String?

    /// The instruction; nil for the embedder's own, also if it is blank.
    var text: String? { instruction?.unlessBlank }
}

extension String {
    /// The text; nil if it is blank.
    fileprivate var unlessBlank: String? { allSatisfy(\.isWhitespace) ? nil : self }
}

/// All options of a command that loads a model.
struct ModelOptions: ParsableArguments {
    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder
    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup(title: "Vectors") var vectors: PoolingOptions
    @OptionGroup(title: "Inputs") var inputs: InputOptions

    /// The options as options of the library.
    ///
    /// - Parameter model: the folder of the model.
    /// - Throws: `CommandError.deviceUnavailable`, `.inputMissing`, `HubError`, `ModelError`.
    func embedderOptions(
        of model: URL, _ instruction: InstructionOption? = nil
    ) throws -> EmbedderOptions {
        var options = try EmbedderOptions(device, vectors, inputs)
        options.instruction = instruction?.text
        options.adapter = try adapter.resolved(folder.hub, of: model)
        return options
    }
}

extension EmbedderOptions {
    /// Creates the options from the groups of command-line options.
    ///
    /// - Throws: `CommandError.deviceUnavailable`.
    init(_ device: DeviceOptions, _ vectors: PoolingOptions, _ inputs: InputOptions) throws {
        self.init()
        self.device = try device.resolvedDevice()
        dtype = device.dtype.dtype
        threads = device.threads
        attention = vectors.attention.mode
        pooling = vectors.pooling.mode
        dimensions = vectors.dimensions
        isNormalized = vectors.normalize
        minPixels = inputs.minPixels
        maxPixels = inputs.maxPixels
        orientation = inputs.orient
        maxLength = inputs.maxLength
        truncation = inputs.truncation
        batchTokens = inputs.batchTokens
    }
}

/// Throws if no file or folder exists at the path.
///
/// - Throws: `CommandError.inputMissing`.
func requireFile(_ path: String, _ option: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
        throw CommandError.inputMissing(option: option, path: path)
    }
}
