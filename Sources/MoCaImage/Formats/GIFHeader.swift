// GIF: the first frame on its canvas, in Pillow's mode. libvips clears the colours of transparent
// pixels, which Pillow keeps, so the format is decoded here.

import Foundation

/// The headers of a GIF file up to the pixels of its first frame.
struct GIFHeader {
    /// The width and height of the canvas, enlarged if the first frame exceeds it.
    let width: Int
    let height: Int
    /// The frame's offset on the canvas.
    private let left: Int
    private let top: Int
    private let frameWidth: Int
    private let frameHeight: Int
    private let isInterlaced: Bool
    /// The palette as interleaved red, green and blue; nil if it is the grey ramp or missing.
    private let palette: [UInt8]?
    private let transparentIndex: UInt8?
    private let codeBits: Int
    /// The offset of the code sub-blocks.
    private let dataStart: Int

    /// Reads the headers up to the first frame. Throws `ImageError`.
    init(_ file: EncodedImage) throws {
        let data = file.data
        guard let canvasWidth = data.word(6, .little), let canvasHeight = data.word(8, .little),
            let flags = data.byte(10)
        else { throw file.truncation }
        var at = 13
        var colours = try Self.palette(file, flags: flags, at: &at)
        var transparent: UInt8?
        try Self.skipExtensions(file, at: &at, transparent: &transparent)
        guard let left = data.word(at + 1, .little), let top = data.word(at + 3, .little),
            let frameWidth = data.word(at + 5, .little),
            let frameHeight = data.word(at + 7, .little), let frameFlags = data.byte(at + 9)
        else { throw file.truncation }
        at += 10
        if let local = try Self.palette(file, flags: frameFlags, at: &at) { colours = local }
        guard let bits = data.byte(at) else { throw file.truncation }
        guard bits <= 11 else { throw ImageError.damaged(name: file.name, format: .gif) }
        (self.left, self.top) = (left, top)
        (self.frameWidth, self.frameHeight) = (frameWidth, frameHeight)
        (width, height) = (
            max(canvasWidth, left + frameWidth), max(canvasHeight, top + frameHeight)
        )
        isInterlaced = frameFlags & 64 != 0
        palette = colours.flatMap { Self.isRamp($0) ? nil : $0 }
        transparentIndex = transparent
        codeBits = bits
        dataStart = at + 1
    }

    /// Reads the palette that `flags` announce at `at`, and advances `at` past it.
    private static func palette(
        _ file: EncodedImage, flags: Int, at: inout Int
    ) throws -> [UInt8]? {
        guard flags & 128 != 0 else { return nil }
        let count = 3 << ((flags & 7) + 1)
        guard let colours = file.data.bytes(at, count) else { throw file.truncation }
        at += count
        return colours
    }

    private static func isRamp(_ palette: [UInt8]) -> Bool {
        palette.indices.allSatisfy { Int(palette[$0]) == $0 / 3 }
    }

    /// Advances `at` to the first image descriptor, and records the transparent index.
    private static func skipExtensions(
        _ file: EncodedImage, at: inout Int, transparent: inout UInt8?
    ) throws {
        let data = file.data
        while let mark = data.byte(at), mark != 0x2c {
            guard mark == 0x21 else {
                if mark == 0x3b { throw ImageError.damaged(name: file.name, format: .gif) }
                at += 1
                continue
            }
            let isControl = data.byte(at + 1) == 0xf9
            if isControl, let flags = data.byte(at + 3), flags & 1 != 0,
                let index = data.byte(at + 6)
            {
                transparent = UInt8(index)
            }
            at += 2
            while let size = data.byte(at), size != 0 { at += 1 + size }
            at += 1
        }
        if data.byte(at) == nil { throw file.truncation }
    }

    // MARK: - Pixels

    /// The first frame on its canvas: "P", or "L" if the palette is the grey ramp or missing.
    func decoded(_ file: EncodedImage) throws -> Raster {
        let background = transparentIndex ?? 0
        var canvas = [UInt8](repeating: background, count: width * height)
        let indices = try GIFCodes(file, start: dataStart, bits: codeBits)
            .indices(count: frameWidth * frameHeight)
        for (order, row) in rowOrder.enumerated() {
            let target = (top + row) * width + left
            let source = order * frameWidth
            canvas.replaceSubrange(
                target..<target + frameWidth, with: indices[source..<source + frameWidth])
        }
        var raster = Raster(.grey, width: width, height: height, bytes: canvas)
        if let palette {
            raster = Raster(
                .palette, width: width, height: height,
                bytes: Palette(colours: palette).applied(to: canvas))
        }
        raster.opacity = transparentIndex.map { index in canvas.map { $0 == index ? 0 : 255 } }
        return raster
    }

    /// The frame's rows in file order.
    private var rowOrder: [Int] {
        guard isInterlaced else { return Array(0..<frameHeight) }
        return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in
            Array(stride(from: start, to: frameHeight, by: step))
        }
    }
}

/// A palette of 256 colours; colours missing from the file are the grey of their index.
struct Palette {
    private var colours: [UInt8]

    /// Creates a palette from interleaved red, green and blue bytes.
    init(colours given: some Collection<UInt8>) {
        colours = (0..<768).map { UInt8($0 / 3) }
        for (index, value) in given.prefix(768).enumerated() { colours[index] = value }
    }

    /// The colours of the indices, three bytes each.
    func applied(to indices: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: indices.count * 3) { out, initialized in
            for (pixel, index) in indices.enumerated() {
                for band in 0..<3 {
                    out.initializeElement(at: pixel * 3 + band, to: colours[Int(index) * 3 + band])
                }
            }
            initialized = indices.count * 3
        }
    }
}
