import Foundation
import TensorCheckpoints
import TensorCore

/// A file of numbers and texts over steps that TensorBoard shows.
///
///     var log = TensorBoardLog("logs/first/events.out.tfevents.1")
///     for step in 1...100 {
///       log.add(1 / Double(step), to: "loss/train", step: step)
///       try log.write()
///     }
///
/// TensorBoard shows each folder as a run, and in it files whose name contains `tfevents`: `tensorboard --logdir logs`. It reads
/// on while the file grows.
///
/// The file is a sequence of TFRecord records, each of which holds a message `Event` (TensorFlow,
/// `tensorflow/core/util/event.proto`).
public struct TensorBoardLog: Sendable {
  public let path: String
  private let files: any FileOperations
  /// Length of the records on the disk, in bytes; nil before the first are there.
  private var length: Int?
  /// The record that the file begins with.
  private let beginning: [UInt8]
  /// Records that are not on the disk.
  private var pending: [UInt8] = []

  /// A new log. The first writing goes on with a file that has the same beginning, to the byte, and replaces any other.
  ///
  /// - Parameter time: seconds since 1970 at which the log begins; nil for now.
  public init(_ path: String, at time: Double? = nil) { self.init(path, at: time, using: SystemFiles()) }

  package init(_ path: String, at time: Double? = nil, using files: any FileOperations) {
    (self.path, self.files) = (path, files)
    beginning = Self.event(at: time) { $0.add(Field.version, "brain.Event:2") }
  }

  /// Time at which a file of events begins; nil where there is none.
  package static func time(in file: [UInt8]) -> Double? {
    // Behind the length of the record, its checksum and the key of the time.
    guard file.count >= 21, file[12] == 0x09 else { return nil }
    let time: Double = LittleEndianBytes.decode(Array(file[13..<21]))[0]
    return time > 0 && time.isFinite ? time : nil
  }

  /// Adds a number, which TensorBoard keeps in single precision.
  ///
  /// - Parameters:
  ///   - tag: name of the chart; those with the same text before a slash stand together.
  ///   - time: seconds since 1970; nil for now.
  public mutating func add(_ value: Double, to tag: String, step: Int, at time: Double? = nil) {
    addValue(to: tag, step: step, at: time) { $0.add(Field.number, Float(value)) }
  }

  /// Adds a text, which TensorBoard shows as Markdown: lines that begin with four spaces stay as they are.
  ///
  /// - Parameters:
  ///   - tag: name of the texts.
  ///   - time: seconds since 1970; nil for now.
  public mutating func add(text: String, to tag: String, step: Int, at time: Double? = nil) {
    addValue(to: tag, step: step, at: time) { value in
      value.add(Field.tensor) { tensor in
        tensor.add(Field.tensorType, Field.stringType)
        tensor.add(Field.tensorShape) { _ in }
        tensor.add(Field.tensorTexts, text)
      }
      value.add(Field.metadata) { metadata in
        metadata.add(Field.plugin) { $0.add(Field.pluginName, "text") }
        metadata.add(Field.dataClass, Field.tensorClass)
      }
    }
  }

  /// Takes back what was added at a step and later, as where training goes back to an earlier state.
  ///
  /// - Parameter time: seconds since 1970; nil for now.
  public mutating func restart(at step: Int, at time: Double? = nil) {
    pending += Self.event(at: time, step: step) { event in
      event.add(Field.session) { $0.add(Field.status, Field.start) }
    }
  }

  /// Writes what was added. Where that fails, it is kept, and written the next time.
  ///
  /// - Throws: `FileError`.
  public mutating func write() throws(FileError) {
    if pending.isEmpty && length != nil { return }
    if let length, try append(pending[...], at: length) {
      self.length = length + pending.count
    } else {
      let content = beginning + pending
      if try !goOn(with: content) { try AtomicFile.write([content], to: path, using: files) }
      length = content.count
    }
    pending = []
  }

  /// Adds what a file lacks of a content that begins as it does: a program that has it open reads on.
  ///
  /// - Returns: false for any other file.
  private func goOn(with content: [UInt8]) throws(FileError) -> Bool {
    guard try files.statusIfAny(of: path)?.kind == .file else { return false }
    let bytes = try FileReader(path, using: files).rest()
    guard !bytes.isEmpty, content.starts(with: bytes) else { return false }
    return try append(content[bytes.count...], at: bytes.count)
  }

  /// - Returns: false where the file was removed meanwhile.
  private func append(_ records: ArraySlice<UInt8>, at length: Int) throws(FileError) -> Bool {
    let descriptor = try naming(path, "open") { () throws(SystemError) in try files.openForUpdating(path) }
    defer { try? files.closeDescriptor(descriptor) }
    return try naming(path, "write") { () throws(SystemError) in
      if try files.status(of: descriptor).size < length { return false }
      try files.writeAll(Array(records), to: descriptor, at: length)
      return true
    }
  }

  private mutating func addValue(
    to tag: String, step: Int, at time: Double?, _ fields: (inout ProtocolMessage) -> Void
  ) {
    pending += Self.event(at: time, step: step) { event in
      event.add(Field.summary) { summary in
        summary.add(Field.value) { value in
          value.add(Field.tag, tag)
          fields(&value)
        }
      }
    }
  }

  /// The record of an event.
  private static func event(
    at time: Double?, step: Int = 0, _ fields: (inout ProtocolMessage) -> Void
  ) -> [UInt8] {
    var event = ProtocolMessage()
    event.add(Field.time, time ?? Date().timeIntervalSince1970)
    event.add(Field.step, step)
    fields(&event)
    return RecordFile.record(event.bytes)
  }

  /// Numbers of fields, and values that stand for names.
  private enum Field {
    /// Fields of `Event`.
    static let (time, step, version, summary, session) = (1, 2, 3, 5, 7)
    /// Fields of `Summary`.
    static let value = 1
    /// Fields of a value of `Summary`.
    static let (tag, number, tensor, metadata) = (1, 2, 8, 9)
    /// Fields of `SessionLog`.
    static let (status, start) = (1, 1)
    /// Fields of `TensorProto`.
    static let (tensorType, tensorShape, tensorTexts, stringType) = (1, 2, 8, 7)
    /// Fields of `SummaryMetadata`, and its plugin.
    static let (plugin, pluginName, dataClass, tensorClass) = (1, 1, 4, 2)
  }
}
