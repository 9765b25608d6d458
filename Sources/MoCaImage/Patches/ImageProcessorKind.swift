// The image processors that checkpoints name, and what each of them adds to the common settings.

import MoCaCore
import MoCaSettings

/// A kind of image processor. Slow and fast classes save the same settings; this implementation
/// matches the slow ones.
enum ImageProcessorKind: Sendable, Hashable, CaseIterable {
    case qwen2VL
    case llavaNext
    case phi3V
    case mllama

    /// The kind of an `image_processor_type`, Qwen2-VL's for files without one; nil for an unknown
    /// type.
    init?(type: String?) {
        guard let type else {
            self = .qwen2VL
            return
        }
        guard let kind = Self.allCases.first(where: { $0.types.contains(type) }) else {
            return nil
        }
        self = kind
    }

    private var types: Set<String> {
        switch self {
        case .qwen2VL:
            [
                "Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2VLImageProcessorPil",
                "Qwen2_5_VLImageProcessor", "Qwen2_5_VLImageProcessorFast",
            ]
        case .llavaNext:
            [
                "LlavaNextImageProcessor", "LlavaNextImageProcessorFast",
                "LlavaNextImageProcessorPil",
            ]
        case .phi3V: ["Phi3VImageProcessor"]
        case .mllama:
            ["MllamaImageProcessor", "MllamaImageProcessorFast", "MllamaImageProcessorPil"]
        }
    }

    /// Sets what the kind decides; problems are added to the section's context.
    func apply(_ section: Section, to configuration: inout ImageProcessorConfiguration) {
        switch self {
        case .qwen2VL: break
        case .llavaNext:
            configuration.fitting = Self.canvases(section, configuration.patchSize)
            (configuration.temporalPatchSize, configuration.mergeSize) = (1, 1)
        case .phi3V:
            // The side of a crop is a constant of the released code.
            let limit = section.integer("num_crops", in: 1...256, default: 1)
            configuration.fitting = .crops(side: 336, limit: limit)
            (configuration.temporalPatchSize, configuration.mergeSize) = (1, 2)
            configuration.dividesInFloat32 = true
        case .mllama:
            configuration.fitting = Self.corner(section, configuration.patchSize)
            (configuration.temporalPatchSize, configuration.mergeSize) = (1, 1)
        }
    }

    private static func corner(_ section: Section, _ patchSize: Int) -> ImageFitting {
        let size = section.section("size")
        let (width, height) = (size.integer("width"), size.integer("height"))
        section.context.require(
            "size",
            reason: "is \(width) x \(height), must be a square of whole patches of \(patchSize) "
                + "pixels",
            if: { width == height && height > 0 && height % patchSize == 0 })
        if !section.bool("do_pad", default: true) {
            section.add("do_pad", "is false, must be true")
        }
        return .corner(
            side: max(height, patchSize),
            limit: section.integer("max_image_tiles", in: 1...64, default: 4))
    }

    private static func canvases(_ section: Section, _ patchSize: Int) -> ImageFitting {
        let crop = section.section("crop_size")
        let side = crop.integer("height", in: 1...4096, default: 336)
        let edges = section.section("size")
        let squeezed = edges.optionalInteger("shortest_edge") ?? edges.optionalInteger("height")
        section.context.require(
            crop.keyPath("height"), edges.keyPath("shortest_edge"),
            reason: "is \(side), must be the size and a multiple of \(patchSize)",
            if: { (squeezed ?? side) == side && side % patchSize == 0 })
        let pairs = section.list("image_grid_pinpoints", "a list of pairs of integers") {
            $0.array?.compactMap(\.integer)
        }
        let sizes = (pairs ?? standardCanvases).filter { $0.count == 2 }
        section.context.require(
            "image_grid_pinpoints",
            reason: "must have pairs of height and width, multiples of \(side) up to 65536",
            if: {
                !sizes.isEmpty && sizes.count == (pairs ?? sizes).count
                    && sizes.joined().allSatisfy { $0 > 0 && $0 <= 65_536 && $0 % side == 0 }
            })
        return .canvas(
            side: side, sizes: sizes.map { PixelSize(width: $0[1], height: $0[0]) })
    }

    /// The heights and widths of files that state none.
    private static let standardCanvases = [
        [336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008],
    ]
}
