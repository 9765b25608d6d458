// Event files, as TensorBoard reads them: `Event` messages (tensorflow/core/util/event.proto and
// framework/summary.proto) in TFRecord frames (tensorflow.org/tutorials/load_data/tfrecord).

package import Foundation
import MoCaSystem

/// A value that TensorBoard shows under a tag.
package enum EventValue: Sendable, Hashable {
    /// A point of a curve.
    case scalar(Double)
    /// A distribution.
    case histogram(ValueHistogram)
    /// An encoded image and its size in pixels.
    case image(Data, width: Int, height: Int)
}

/// A file of TensorBoard events that grows as a run trains.
package final class EventFile: Sendable {
    /// The file.
    package let url: URL
    private let file: GrowingFile

    /// The folder of the event files in a run folder.
    package static let folderName = "tensorboard"

    /// Creates a new file in `folder`; TensorBoard no longer shows what earlier files of the folder
    /// hold for steps after `step`.
    ///
    /// - Throws: `SystemFileError`.
    package convenience init(in folder: URL, after step: Int, at time: Date = Date()) throws {
        try FileSystem.makeFolder(folder)
        // Files are read in the order of their names, and the name must be unused.
        let seconds = String(format: "%010d", Int(time.timeIntervalSince1970))
        var index = 0
        var url: URL
        repeat {
            let order = String(format: "%04d", index)
            url = folder.appending(path: "events.out.tfevents.\(seconds).\(order)")
            index += 1
        } while FileManager.default.fileExists(atPath: url.path)
        try self.init(url, after: step, at: time)
    }

    /// Creates a file, replacing an existing one.
    ///
    /// - Throws: `SystemFileError`.
    init(_ url: URL, after step: Int, at time: Date) throws {
        self.url = url
        file = try GrowingFile(url)
        try file.cut(to: 0)
        var version = Self.event(at: time, step: 0)
        version.add(EventField.fileVersion, text: "brain.Event:2")
        try append(version)
        // The start of a session purges events at its step or later.
        var session = ProtobufMessage()
        session.add(EventField.status, integer: 1)
        var start = Self.event(at: time, step: step + 1)
        start.add(EventField.sessionLog, message: session)
        try append(start)
    }

    /// Appends the values of a step.
    ///
    /// - Throws: `SystemFileError`.
    package func append(
        _ values: [(tag: String, value: EventValue)], step: Int, at time: Date = Date()
    ) throws {
        guard !values.isEmpty else { return }
        var summary = ProtobufMessage()
        for (tag, value) in values {
            summary.add(EventField.value, message: Self.message(tag, value))
        }
        var event = Self.event(at: time, step: step)
        event.add(EventField.summary, message: summary)
        try append(event)
    }

    // MARK: Messages

    private static func event(at time: Date, step: Int) -> ProtobufMessage {
        var event = ProtobufMessage()
        event.add(EventField.wallTime, double: time.timeIntervalSince1970)
        event.add(EventField.step, integer: step)
        return event
    }

    private static func message(_ tag: String, _ value: EventValue) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(EventField.tag, text: tag)
        switch value {
        case .scalar(let value): message.add(EventField.simpleValue, float: Float(value))
        case .histogram(let histogram):
            message.add(EventField.histogram, message: Self.message(histogram))
        case .image(let data, let width, let height):
            var image = ProtobufMessage()
            image.add(1, integer: height)
            image.add(2, integer: width)
            image.add(3, integer: 3)  // colours: red, green, blue
            image.add(4, data: data)
            message.add(EventField.image, message: image)
        }
        return message
    }

    private static func message(_ histogram: ValueHistogram) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(1, double: histogram.min)
        message.add(2, double: histogram.max)
        message.add(3, double: Double(histogram.count))
        message.add(4, double: histogram.sum)
        message.add(5, double: histogram.sumOfSquares)
        message.add(6, doubles: histogram.upperBounds)
        message.add(7, doubles: histogram.bins.map(Double.init))
        return message
    }

    /// Field numbers of `Event`, `Summary.Value` and `SessionLog`.
    private enum EventField {
        static let wallTime: UInt64 = 1
        static let step: UInt64 = 2
        static let fileVersion: UInt64 = 3
        static let summary: UInt64 = 5
        static let sessionLog: UInt64 = 7
        static let value: UInt64 = 1
        static let tag: UInt64 = 1
        static let simpleValue: UInt64 = 2
        static let image: UInt64 = 4
        static let histogram: UInt64 = 5
        static let status: UInt64 = 1
    }

    // MARK: Frames

    /// Appends a frame: the length, its checksum, the data, and the checksum of the data.
    private func append(_ event: ProtobufMessage) throws {
        var frame = Data()
        let length = withUnsafeBytes(of: UInt64(event.bytes.count).littleEndian) { Data($0) }
        frame.append(length)
        frame.append(Self.checksum(length))
        frame.append(event.bytes)
        frame.append(Self.checksum(event.bytes))
        try file.append(frame)
    }

    private static func checksum(_ data: Data) -> Data {
        withUnsafeBytes(of: CRC32C.masked(data).littleEndian) { Data($0) }
    }
}
