// Event files, as TensorBoard reads them: `Event` messages (tensorflow/core/util/event.proto and
// framework/summary.proto) in TFRecord frames (tensorflow.org/tutorials/load_data/tfrecord).

package import Foundation
import MoCaSystem

/// What an event shows, under a tag.
package enum EventValue: Sendable, Hashable {
    case scalar(Double)
    case histogram(ValueHistogram)
    /// An encoded picture and its size.
    case image(Data, width: Int, height: Int)
}

/// A file that events are appended to.
package final class EventFile: Sendable {
    package let url: URL
    private let file: GrowingFile

    /// The folder of the event files in a run folder.
    package static let folderName = "tensorboard"

    /// Begins a new file in `folder`. What earlier files of the folder say of steps after `step`
    /// is no longer shown.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    package convenience init(in folder: URL, after step: Int, at time: Date = Date()) throws {
        try RunFile.makeFolder(folder)
        // Files are read in the order of their names, and no name may be there already.
        let seconds = String(format: "%010d", Int(time.timeIntervalSince1970))
        var number = 0
        var url: URL
        repeat {
            let order = String(format: "%04d", number)
            url = folder.appending(path: "events.out.tfevents.\(seconds).\(order)")
            number += 1
        } while FileManager.default.fileExists(atPath: url.path)
        try self.init(url, after: step, at: time)
    }

    /// Begins a file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    init(_ url: URL, after step: Int, at time: Date) throws {
        self.url = url
        do {
            file = try GrowingFile(url)
            try file.cut(to: 0)
        } catch {
            throw TrainingError.cannotWrite(path: url.path, reason: error.reason)
        }
        var version = Self.event(at: time, step: 0)
        version.add(EventField.fileVersion, text: "brain.Event:2")
        try append(version)
        // The start of a session purges what comes at its step or later.
        var session = ProtobufMessage()
        session.add(EventField.status, integer: 1)
        var start = Self.event(at: time, step: step + 1)
        start.add(EventField.sessionLog, message: session)
        try append(start)
    }

    /// Writes the values of a step.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
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
        case .scalar(let number): message.add(EventField.simpleValue, float: Float(number))
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

    /// Numbers of fields in `Event`, `Summary.Value` and `SessionLog`.
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

    /// Length, its checksum, the data, its checksum.
    private func append(_ event: ProtobufMessage) throws {
        var frame = Data()
        let length = withUnsafeBytes(of: UInt64(event.bytes.count).littleEndian) { Data($0) }
        frame.append(length)
        frame.append(Self.checksum(length))
        frame.append(event.bytes)
        frame.append(Self.checksum(event.bytes))
        try RunFile.naming(url) { try file.append(frame) }
    }

    private static func checksum(_ data: Data) -> Data {
        withUnsafeBytes(of: CRC32C.masked(data).littleEndian) { Data($0) }
    }
}
