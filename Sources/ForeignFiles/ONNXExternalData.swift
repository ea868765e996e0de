import TensorCore

/// Files beside a model that hold numbers of its tensors.
struct ONNXDataFiles {
  typealias Problem = ONNXError.Problem

  private let model: MappedFile
  /// The files by the bytes of their paths.
  private var files: [[UInt8]: MappedFile] = [:]
  /// The size in bytes of all that were opened.
  private(set) var size = 0

  init(of model: MappedFile) { self.model = model }

  /// Opens the file that a tensor names, or gives it again.
  fileprivate mutating func file(at location: String, tensor: String) throws(Problem) -> MappedFile {
    guard model.isBacked else { throw .dataFileOfNoFile(location: location, tensor: tensor) }
    do throws(FileError) {
      if let path = try FileFolder(of: model.path).path(of: location) {
        if let file = files[Array(path.utf8)] { return file }
        let file = try MappedFile(path)
        files[Array(path.utf8)] = file
        size += file.count
        return file
      }
    } catch { throw .dataFile(error, tensor: tensor) }
    throw .dataFileElsewhere(location: location, tensor: tensor)
  }
}

/// Place of a tensor's numbers in another file (`external_data` of `TensorProto`).
struct ONNXExternalData {
  typealias Problem = ONNXError.Problem

  private var fields: [String: String] = [:]

  /// Whether a place is named.
  var isGiven: Bool { !fields.isEmpty }

  /// Notes an entry; one that says something else than the place is left out.
  mutating func take(_ entry: (name: String, value: String), tensor: String) throws(Problem) {
    guard ["location", "offset", "length"].contains(entry.name) else { return }
    guard fields.updateValue(entry.value, forKey: entry.name) == nil else {
      throw .standsTwice("the \(entry.name) of the data of tensor \(tensor.quotedName)")
    }
  }

  /// The numbers, `size` bytes, which stay in their file.
  func contents(size: Int, tensor: String, in files: inout ONNXDataFiles) throws(Problem) -> StoredBytes {
    guard let location = fields["location"] else { throw .externalField("location", tensor: tensor) }
    let start = try number("offset", tensor: tensor) ?? 0
    if let length = try number("length", tensor: tensor), length != size {
      throw .wrongSize(tensor: tensor, needed: size, given: length)
    }
    let file = try files.file(at: location, tensor: tensor)
    let (end, overflow) = start.addingReportingOverflow(size)
    guard !overflow, end <= file.count else {
      throw .dataFileTooShort(location: location, size: file.count, tensor: tensor, end: overflow ? .max : end)
    }
    return .mapped(file, start..<end)
  }

  private func number(_ name: String, tensor: String) throws(Problem) -> Int? {
    guard let text = fields[name] else { return nil }
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(text) else {
      throw .externalField(name, tensor: tensor)
    }
    return number
  }
}
