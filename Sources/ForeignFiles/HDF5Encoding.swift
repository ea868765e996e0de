import TensorCheckpoints
import TensorCore

/// An HDF5 file that is being written, in the form of version 1.8 of the library: headers of version 2, links in them.
struct HDF5Encoding {
  /// Bytes of a property of an object.
  static let messageLimit = 0xFFFF
  private static let startSize = 48
  private static let nowhere: [UInt8] = [UInt8](repeating: 0xFF, count: 8)

  private var bytes = [UInt8](repeating: 0, count: startSize)
  /// Where each text stands: the address of its collection, and its number in that.
  private var places: [[UInt8]: (address: Int, index: Int)] = [:]

  /// A file that begins with all texts that attributes will have.
  init(texts: [String]) {
    var (collection, members) = ([UInt8](), [[UInt8]]())
    func isFull() -> Bool { members.count == 0xFFFF || collection.count > 1 << 20 }
    func closed() -> [UInt8] {
      // A collection has 4096 bytes or more; what is left of it is an object without a number.
      let size = max(4096, 16 + collection.count + 16)
      let rest = size - 16 - collection.count
      return Array("GCOL".utf8) + [1, 0, 0, 0] + Self.number(size, 8) + collection + [UInt8](repeating: 0, count: 8)
        + Self.number(rest, 8) + [UInt8](repeating: 0, count: rest - 16)
    }
    var seen: Set<[UInt8]> = []
    let distinct = texts.map { Array($0.utf8) }.filter { !$0.isEmpty && seen.insert($0).inserted }
    for (number, text) in distinct.enumerated() {
      members.append(text)
      collection += Self.number(members.count, 2) + [UInt8](repeating: 0, count: 6) + Self.number(text.count, 8) + text
      collection += [UInt8](repeating: 0, count: -text.count & 7)
      guard isFull() || number == distinct.count - 1 else { continue }
      let address = add(closed())
      for (index, text) in members.enumerated() { places[text] = (address, index + 1) }
      (collection, members) = ([], [])
    }
  }

  // MARK: Structures

  private static func number(_ number: Int, _ width: Int) -> [UInt8] {
    Array(LittleEndianBytes.encode([Int64(number)]).prefix(width))
  }

  private static func message(_ kind: HDF5Message.Kind, _ body: [UInt8]) -> [UInt8] {
    message(UInt8(kind.rawValue), body)
  }

  private static func message(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] { [kind] + number(body.count, 2) + [0] + body }

  /// The properties of every group, whose links stand in its header.
  static let groupMessages = message(.linkInfo, [0, 0] + nowhere + nowhere) + message(0x0A, [0, 0])

  static func link(_ name: String, to address: Int) -> [UInt8] {
    // Name in UTF-8, with a length of two bytes.
    message(.link, [1, 0x11, 1] + number(name.utf8.count, 2) + Array(name.utf8) + number(address, 8))
  }

  /// Adds data at a multiple of 8 bytes, and gives their address.
  private mutating func add(_ data: [UInt8]) -> Int {
    bytes += [UInt8](repeating: 0, count: -bytes.count & 7)
    defer { bytes += data }
    return bytes.count
  }

  mutating func addHeader(_ messages: [UInt8]) -> Int {
    add(Self.checked(Array("OHDR".utf8) + [2, 2] + Self.number(messages.count, 4) + messages))
  }

  private static func checked(_ bytes: [UInt8]) -> [UInt8] {
    bytes + LittleEndianBytes.encode([JenkinsHash.hash(bytes)])
  }

  /// The whole file.
  mutating func finish(root: Int) -> [UInt8] {
    let start: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 2, 8, 8, 0]
    let addresses = Self.number(0, 8) + Self.nowhere + Self.number(bytes.count, 8) + Self.number(root, 8)
    bytes.replaceSubrange(0..<Self.startSize, with: Self.checked(start + addresses))
    return bytes
  }

  // MARK: Values

  /// The type of elements, as a property; nil where HDF5 has none such.
  static func type(of dtype: StoredTensor.DType) -> [UInt8]? {
    let size = dtype.bitCount / 8
    let head = number(size, 4)
    let whole = [0, 0] + number(dtype.bitCount, 2)
    return switch dtype {
    case .u8, .u16, .u32, .u64: [0x10, 0, 0, 0] + head + whole
    case .i8, .i16, .i32, .i64: [0x10, 8, 0, 0] + head + whole
    // Highest bit of the mantissa implied; place of the sign; places and sizes of exponent and mantissa, and bias.
    case .f16: [0x11, 0x20, 15, 0] + head + whole + [10, 5, 0, 10, 15, 0, 0, 0]
    case .f32: [0x11, 0x20, 31, 0] + head + whole + [23, 8, 0, 23, 127, 0, 0, 0]
    case .f64: [0x11, 0x20, 63, 0] + head + whole + [52, 11, 0, 52, 0xFF, 3, 0, 0]
    case .bf16: [0x15, 0, 0, 0] + head
    // The enumeration that h5py reads as truth values.
    case .bool:
      [0x18, 2, 0, 0] + head + [0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0] + Array("FALSE\0\0\0TRUE\0\0\0\0".utf8) + [0, 1]
    default: nil
    }
  }

  /// Texts of any length in UTF-8, made of bytes.
  private static let typeOfTexts: [UInt8] =
    [0x19, 1, 1, 0, 16, 0, 0, 0] + [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]

  private static func space(_ shape: [Int]) -> [UInt8] {
    [2, UInt8(shape.count), 0, shape.isEmpty ? 0 : 1] + shape.flatMap { number($0, 8) }
  }

  /// Adds the data of a dataset, and gives its properties.
  mutating func dataset(_ tensor: StoredTensor) -> [UInt8] {
    let address = tensor.contents.count == 0 ? Self.nowhere : Self.number(add(tensor.bytes), 8)
    return Self.message(.dataspace, Self.space(tensor.shape))
      + Self.message(.datatype, Self.type(of: tensor.dtype) ?? [])
      // Written whole; no value for what is not.
      + Self.message(.fillValue, [3, 0x0A])
      + Self.message(.layout, [3, 1] + address + Self.number(tensor.contents.count, 8))
  }

  func attribute(_ name: String, _ value: HDF5Value) -> [UInt8] {
    var (type, space, data) = (Self.typeOfTexts, Self.space([]), [UInt8]())
    switch value {
    case .text(let text): data = reference(text)
    case .texts(let texts): (space, data) = (Self.space([texts.count]), texts.flatMap(reference))
    case .numbers(let tensor):
      (type, space, data) = (Self.type(of: tensor.dtype) ?? [], Self.space(tensor.shape), tensor.bytes)
    case .empty: space = [2, 0, 0, 2]
    }
    let name = Array(name.utf8) + [0]
    let sizes = [name.count, type.count, space.count].flatMap { Self.number($0, 2) }
    return Self.message(.attribute, [3, 0] + sizes + [1] + name + type + space + data)
  }

  private func reference(_ text: String) -> [UInt8] {
    let text = Array(text.utf8)
    let place = places[text] ?? (0, 0)
    return Self.number(text.count, 4) + Self.number(place.address, 8) + Self.number(place.index, 4)
  }
}
