// Formats decoded by libvips, and the conversion of its samples to Pillow's modes.

import CVips
import Foundation
import MoCaCore

/// A file opened by libvips, with the header read but not the pixels.
final class VipsImage {
    /// The width and height in pixels, after applying the orientation.
    let width: Int
    let height: Int
    /// The width and height in pixels, as stored in the file.
    private let storedWidth: Int
    private let storedHeight: Int
    /// The orientation that the file states; upright if it states none.
    let statedOrientation: ImageOrientation
    /// The orientation that is applied to the stored pixels.
    private let orientation: ImageOrientation
    private let handle: OpaquePointer
    private let info: cvips_info
    /// The bytes that libvips reads from until the image is closed.
    private let data: NSData

    /// Opens `file`. Throws `ImageError`.
    ///
    /// - Parameter policy: the orientation tags that are applied.
    init(_ file: EncodedImage, policy: OrientationPolicy) throws {
        let format: cvips_format =
            switch file.format {
            case .png: CVIPS_PNG
            case .webp: CVIPS_WEBP
            case .tiff: CVIPS_TIFF
            case .heif: CVIPS_HEIF
            case .jxl: CVIPS_JXL
            default: CVIPS_JPEG
            }
        data = file.data as NSData
        var opened: OpaquePointer?
        var info = cvips_info()
        switch cvips_open(data.bytes, data.length, format, &opened, &info) {
        case CVIPS_OK: break
        case CVIPS_UNAVAILABLE: throw ImageError.decoderUnavailable(name: file.name)
        case CVIPS_NO_LOADER:
            throw ImageError.missingDecoder(name: file.name, format: file.format)
        default: throw file.failure
        }
        guard let opened else { throw file.failure }
        handle = opened
        self.info = info
        storedWidth = Int(info.width)
        storedHeight = Int(info.height)
        let isTurned = file.format == .tiff || policy == .exif
        statedOrientation = ImageOrientation(rawValue: Int(info.orientation)) ?? .upright
        orientation = isTurned ? statedOrientation : .upright
        width = orientation.isTransposed ? storedHeight : storedWidth
        height = orientation.isTransposed ? storedWidth : storedHeight
    }

    deinit {
        cvips_close(handle)
    }

    /// Decodes all pixels, in the mode given by the file's header. Throws `ImageError`.
    func decoded(_ file: EncodedImage) throws -> Raster {
        let layout: SampleLayout
        switch file.format {
        case .jpeg: layout = try .jpeg(file, bands: bands)
        case .png: layout = try .png(file)
        case .tiff: layout = try .tiff(file)
        default: layout = try .plain(file, bands: bands)
        }
        guard bands >= layout.sourceBands || layout.mode == .palette else {
            throw file.unsupported("\(bands) bands")
        }
        let (samples, opacity) = try read(file, as: layout)
        var raster = Raster(
            layout.mode, width: storedWidth, height: storedHeight, samples: samples)
        raster.opacity = opacity
        return raster.turned(orientation)
    }

    private var bands: Int { Int(info.bands) }

    /// The samples of the mode, and the opacity that the file states beside them.
    private func read(
        _ file: EncodedImage, as layout: SampleLayout
    ) throws -> (samples: Samples, opacity: [UInt8]?) {
        guard info.sample == CVIPS_SAMPLE_UINT8, ![.grey16, .integer, .float].contains(layout.mode)
        else { return (try words(file, as: layout), nil) }
        let bytes = try pixels(file, zero: UInt8(0))
        return (
            .bytes(layout.arranged(bytes, bands: bands)), layout.opacity(bytes, bands: bands)
        )
    }

    /// The samples of a mode or file with more than 8 bits.
    private func words(_ file: EncodedImage, as layout: SampleLayout) throws -> Samples {
        switch (info.sample, layout.mode) {
        case (CVIPS_SAMPLE_UINT8, _):
            throw file.unsupported("8-bit samples where its header declares more")
        case (CVIPS_SAMPLE_UINT16, .grey16):
            return .words(layout.leading(try pixels(file, zero: UInt16(0)), bands: bands))
        case (CVIPS_SAMPLE_UINT16, .integer):
            let words = layout.leading(try pixels(file, zero: UInt16(0)), bands: bands)
            return .integers(words.map { Int32($0) })
        case (CVIPS_SAMPLE_INT16, .integer):
            let words = layout.leading(try pixels(file, zero: Int16(0)), bands: bands)
            return .integers(words.map { Int32($0) })
        case (CVIPS_SAMPLE_INT32, .integer), (CVIPS_SAMPLE_UINT32, .integer):
            return .integers(layout.leading(try pixels(file, zero: Int32(0)), bands: bands))
        case (CVIPS_SAMPLE_FLOAT32, .float):
            return .floats(layout.leading(try pixels(file, zero: Float(0)), bands: bands))
        case (CVIPS_SAMPLE_UINT16, _):
            let words = try pixels(file, zero: UInt16(0))
            return .bytes(layout.arranged(words.map { UInt8($0 >> 8) }, bands: bands))
        default:
            throw file.unsupported("samples of this type")
        }
    }

    /// The samples, `[storedHeight, storedWidth, bands]`. Throws `ImageError`.
    private func pixels<T>(_ file: EncodedImage, zero: T) throws -> [T] {
        let count = storedWidth * storedHeight * bands
        precondition(MemoryLayout<T>.size * bands == Int(info.pixel_bytes))
        return try [T](unsafeUninitializedCapacity: count) { out, initialized in
            guard cvips_read(handle, out.baseAddress) == CVIPS_OK else { throw file.failure }
            initialized = count
        }
    }
}
