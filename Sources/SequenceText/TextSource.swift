import TensorCore

/// Source of the bytes of a text.
package enum TextSource {
  case file(FileReader)
  case memory(ArraySlice<UInt8>)

  /// A text that is not opened yet.
  package enum Place: Sendable {
    case file(String)
    /// Some bytes of a file.
    case extract(String, Range<Int>)
    /// Standard input, which can be read once.
    case standardInput
    case memory([UInt8], name: String)

    /// The name in messages.
    package var name: String {
      switch self {
      case .file(let path), .extract(let path, _): path
      case .standardInput: FileReader.standardInput.path
      case .memory(_, let name): name
      }
    }

    /// Position in its file at which it begins.
    package var start: Int { if case .extract(_, let range) = self { range.lowerBound } else { 0 } }

    /// The text in memory, if it can be read once only; nil for a file, and for what is in memory.
    package func keptInMemory() throws(CorpusError) -> Place? {
      do {
        switch self {
        case .file(let path):
          let reader = try FileReader(path)
          return reader.size == nil ? .memory(try reader.rest(), name: path) : nil
        case .extract: return nil
        case .standardInput: return .memory(try FileReader.standardInput.rest(), name: name)
        case .memory: return nil
        }
      } catch { throw .unreadable(error) }
    }
  }

  init(_ place: Place) throws(CorpusError) {
    switch place {
    case .file(let path):
      do { self = .file(try FileReader(path)) } catch { throw .unreadable(error) }
    case .extract(let path, let range):
      do {
        let reader = try FileReader(path)
        try reader.keep(range)
        self = .file(reader)
      } catch { throw .unreadable(error) }
    case .standardInput: self = .file(.standardInput)
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
