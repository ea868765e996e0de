import TensorCore

/// Source of the bytes of a text.
package enum TextSource {
  case file(FileReader)
  case memory(ArraySlice<UInt8>)

  /// A text that is not opened yet.
  package enum Place: Sendable {
    case file(String)
    case memory([UInt8], name: String)

    /// The name in messages.
    var name: String {
      switch self {
      case .file(let path): path
      case .memory(_, let name): name
      }
    }
  }

  init(_ place: Place) throws(CorpusError) {
    switch place {
    case .file(let path):
      do { self = .file(try FileReader(path)) } catch { throw .unreadable(error) }
    case .memory(let bytes, _): self = .memory(bytes[...])
    }
  }

  /// The next `count` bytes; fewer at the end, and none after it.
  mutating func next(_ count: Int) throws(CorpusError) -> [UInt8] {
    switch self {
    case .file(let reader):
      do { return try reader.next(count) } catch { throw .unreadable(error) }
    case .memory(let bytes):
      self = .memory(bytes.dropFirst(count))
      return Array(bytes.prefix(count))
    }
  }
}
