// BMP: header, palette and pixels, in Pillow's mode. libvips reads the format through ImageMagick,
// which must not process untrusted files, so it is decoded here.

import Foundation

/// The header and palette of a BMP file.
struct BMPHeader {
    /// The width and height in pixels.
    let width: Int
    let height: Int
    private let bits: Int
    private let isTopDown: Bool
    private let compression: Compression
    private let masks: [Int]
    private let colours: Palette
    private let mode: RasterMode
    /// The offset of the pixel data.
    private let dataStart: Int

    private enum Compression: Int {
        case none = 0
        case runs8 = 1
        case runs4 = 2
        case masks = 3
    }

    /// Reads the header and the palette of `file`. Throws `ImageError`.
    init(_ file: EncodedImage) throws {
        let fields = try Fields(file)
        (width, height, bits) = (fields.width, fields.height, fields.bits)
        isTopDown = fields.isTopDown
        guard let compression = Compression(rawValue: fields.compression),
            [1, 4, 8, 16, 24, 32].contains(bits), compression != .runs8 || bits == 8,
            compression != .runs4 || bits == 4
        else { throw file.unsupported("\(bits)-bit pixels, compression \(fields.compression)") }
        self.compression = compression
        var at = 14 + fields.headerSize
        var masks: [Int] = []
        if compression == .masks {
            masks = try Self.masks(file, headerSize: fields.headerSize)
            if fields.headerSize == 40 { at += 12 }
        }
        self.masks = masks
        var hasGreyRamp = false
        var palette: [UInt8] = []
        if bits <= 8 {
            palette = try Self.palette(file, fields, at: &at)
            hasGreyRamp = Self.isGrey(palette, bits: bits)
        }
        colours = Palette(colours: palette)
        mode = Self.mode(bits: bits, hasGreyRamp: hasGreyRamp, masks: masks)
        dataStart = fields.dataStart == 0 ? at : fields.dataStart
    }

    private struct Fields {
        var headerSize = 0
        var width = 0
        var height = 0
        var isTopDown = false
        var bits = 0
        var compression = 0
        var colourCount = 0
        var dataStart = 0

        init(_ file: EncodedImage) throws {
            let data = file.data
            guard let start = data.long(10, .little), let size = data.long(14, .little) else {
                throw file.truncation
            }
            (dataStart, headerSize) = (start, size)
            switch size {
            case 12: try readOld(file)
            case 40, 64, 108, 124: try readNew(file)
            default: throw file.unsupported("a header of \(size) bytes")
            }
            if colourCount == 0 { colourCount = 1 << min(bits, 16) }
        }

        private mutating func readOld(_ file: EncodedImage) throws {
            guard let width = file.data.word(18, .little), let height = file.data.word(20, .little),
                let bits = file.data.word(24, .little)
            else { throw file.truncation }
            (self.width, self.height, self.bits) = (width, height, bits)
        }

        private mutating func readNew(_ file: EncodedImage) throws {
            let data = file.data
            guard let width = data.long(18, .little), let height = data.long(22, .little),
                let bits = data.word(28, .little), let compression = data.long(30, .little),
                let colourCount = data.long(46, .little)
            else { throw file.truncation }
            (self.width, self.bits, self.compression) = (width, bits, compression)
            isTopDown = height >> 24 == 0xff
            self.height = isTopDown ? 1 << 32 - height : height
            self.colourCount = colourCount
        }
    }

    private static func masks(_ file: EncodedImage, headerSize: Int) throws -> [Int] {
        // A header of 40 bytes is followed by three masks; a longer one contains four.
        let count = headerSize == 40 ? 3 : 4
        let masks = (0..<count).compactMap { file.data.long(54 + 4 * $0, .little) }
        guard masks.count == count else { throw file.truncation }
        return masks.count == 3 ? masks + [0] : masks
    }

    /// The palette as interleaved red, green and blue.
    private static func palette(
        _ file: EncodedImage, _ fields: Fields, at: inout Int
    ) throws -> [UInt8] {
        let size = fields.headerSize == 12 ? 3 : 4
        guard fields.colourCount <= 65536,
            let raw = file.data.bytes(at, fields.colourCount * size)
        else { throw ImageError.damaged(name: file.name, format: .bmp) }
        at += raw.count
        return stride(from: 0, to: raw.count, by: size).flatMap { start in
            [raw[start + 2], raw[start + 1], raw[start]]
        }
    }

    /// Whether every index is its own grey level (or black and white), so that no palette is
    /// needed.
    private static func isGrey(_ palette: [UInt8], bits: Int) -> Bool {
        let levels = palette.count == 6 ? [0, 255] : Array(0..<palette.count / 3)
        guard bits == 8 && levels.count != 2 || bits == 1 && levels.count == 2 else { return false }
        return levels.enumerated().allSatisfy { index, level in
            palette[index * 3..<index * 3 + 3].allSatisfy { Int($0) == level }
        }
    }

    private static func mode(bits: Int, hasGreyRamp: Bool, masks: [Int]) -> RasterMode {
        if bits <= 8 { return hasGreyRamp ? (bits == 1 ? .bilevel : .grey) : .palette }
        let hasAlpha =
            bits == 32 && !masks.isEmpty && (masks[3] != 0 || masks.allSatisfy { $0 == 0 })
        return hasAlpha ? .rgba : .rgb
    }

    // MARK: - Pixels

    /// Decodes all pixels. Throws `ImageError`.
    func decoded(_ file: EncodedImage) throws -> Raster {
        let bytes: [UInt8]
        if bits <= 8 {
            let isPacked = compression == .none || compression == .masks
            let indices = isPacked ? try packedIndices(file) : try runs(file)
            switch mode {
            case .bilevel: bytes = indices.map { $0 == 0 ? 0 : 255 }
            case .grey: bytes = indices
            default: bytes = colours.applied(to: indices)
            }
        } else {
            bytes = try directColours(file)
        }
        return Raster(mode, width: width, height: height, bytes: bytes)
    }

    /// The row in the file of output row `y`.
    private func fileRow(_ y: Int) -> Int { isTopDown ? y : height - 1 - y }

    /// The bytes of every row, from top to bottom.
    private func rows(_ file: EncodedImage) throws -> [ArraySlice<UInt8>] {
        let rowBytes = (width * bits + 31) >> 3 & ~3
        // The padding of the last row may be missing.
        let used = (width * bits + 7) / 8
        let present = max(0, file.data.count - dataStart)
        guard present >= rowBytes * (height - 1) + used,
            let bytes = file.data.bytes(dataStart, min(present, rowBytes * height))
        else { throw file.truncation }
        return (0..<height).map { y in
            let start = fileRow(y) * rowBytes
            return bytes[start..<start + used]
        }
    }

    private func packedIndices(_ file: EncodedImage) throws -> [UInt8] {
        let mask = UInt8((1 << bits) - 1)
        let perByte = 8 / bits
        return try rows(file).flatMap { row in
            (0..<width).map { x in
                let shift = 8 - bits * (x % perByte + 1)
                return row[row.startIndex + x / perByte] >> UInt8(shift) & mask
            }
        }
    }

    private func directColours(_ file: EncodedImage) throws -> [UInt8] {
        let fields = try channelFields(file)
        let pixelBytes = bits / 8
        var out: [UInt8] = []
        out.reserveCapacity(width * height * mode.bands)
        for row in try rows(file) {
            for start in stride(from: row.startIndex, to: row.endIndex, by: pixelBytes) {
                var pixel = 0
                for byte in 0..<pixelBytes { pixel |= Int(row[start + byte]) << (8 * byte) }
                for field in fields {
                    let value = pixel >> field.shift & field.most
                    out.append(UInt8(field.most == 255 ? value : value * 255 / field.most))
                }
            }
        }
        return out
    }

    private typealias Field = (shift: Int, most: Int)

    /// The bit fields of red, green, blue (and alpha) in a pixel.
    private func channelFields(_ file: EncodedImage) throws -> [Field] {
        let usual: [Int] = bits == 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0]
        // Masks that are all zero mean blue, green, red, alpha.
        let isUnset = masks.allSatisfy { $0 == 0 }
        var wanted = masks.isEmpty || isUnset ? usual : masks
        if mode == .rgba && isUnset { wanted[3] = 0xff00_0000 }
        let known: [[Int]] = [
            usual, [0xff00_0000, 0xff0000, 0xff00, 0], [0xff00_0000, 0xff0000, 0xff00, 0xff],
            [0xff, 0xff00, 0xff0000, 0xff00_0000], [0xff0000, 0xff00, 0xff, 0xff00_0000],
            [0xf800, 0x7e0, 0x1f, 0],
        ]
        guard known.contains(wanted) || bits <= 24 && known.contains(Array(wanted[..<3]) + [0])
        else { throw file.unsupported("colour masks of this layout") }
        return wanted.prefix(mode.bands).map { mask in
            let shift = mask.trailingZeroBitCount
            return (shift, mask >> shift)
        }
    }

    // MARK: - Run-length codes

    /// Indices from run-length codes; skipped pixels have index 0. Throws `ImageError`.
    private func runs(_ file: EncodedImage) throws -> [UInt8] {
        var reader = BMPRuns(file, start: dataStart, width: width, isNibbles: compression == .runs4)
        let indices = reader.indices(count: width * height)
        guard indices.count == width * height else { throw file.truncation }
        return (0..<height).flatMap { y in
            indices[fileRow(y) * width..<(fileRow(y) + 1) * width]
        }
    }
}

/// Reads the run-length codes of a BMP file as Pillow does.
private struct BMPRuns {
    private let data: Data
    private var at: Int
    private let width: Int
    private let isNibbles: Bool
    private var out: [UInt8] = []
    private var x = 0

    init(_ file: EncodedImage, start: Int, width: Int, isNibbles: Bool) {
        (data, at, self.width, self.isNibbles) = (file.data, start, width, isNibbles)
    }

    /// At most `count` indices, in the row order of the file.
    mutating func indices(count: Int) -> [UInt8] {
        while out.count < count, let length = data.byte(at), let value = data.byte(at + 1) {
            at += 2
            if length > 0 {
                appendRun(min(length, max(0, width - x)), of: value)
            } else if value == 0 {
                out += [UInt8](repeating: 0, count: (width - out.count % width) % width)
                x = 0
            } else if value == 1 {
                break
            } else if value == 2 {
                guard let right = data.byte(at), let up = data.byte(at + 1) else { break }
                at += 2
                let skipped = min(right + up * width, count - out.count)
                out += [UInt8](repeating: 0, count: skipped)
                x = out.count % width
            } else if !appendLiteral(value) {
                break
            }
        }
        return Array(out.prefix(count))
    }

    private mutating func appendRun(_ length: Int, of value: Int) {
        for index in 0..<length {
            out.append(UInt8(!isNibbles ? value : index % 2 == 0 ? value >> 4 : value & 15))
        }
        x += length
    }

    private mutating func appendLiteral(_ length: Int) -> Bool {
        let byteCount = isNibbles ? length / 2 : length
        guard let bytes = data.bytes(at, byteCount) else { return false }
        for byte in bytes {
            if isNibbles { out += [byte >> 4, byte & 15] } else { out.append(byte) }
        }
        at += byteCount
        x += length
        // Literals are padded to an even offset in the file.
        at += at % 2
        return true
    }
}
