import TensorCheckpoints
import TensorCore

/// A writer of MessagePack, each value in its shortest form, as Python's msgpack and flax write it.
struct MessagePackWriter {
  private(set) var bytes: [UInt8] = []
  private let chunkSize: Int

  init(chunkSize: Int) { self.chunkSize = chunkSize }

  mutating func add(_ value: MessagePackValue) {
    switch value {
    case .none: bytes.append(0xC0)
    case .bool(let bool): bytes.append(bool ? 0xC3 : 0xC2)
    case .int(let number): add(number)
    case .float(let number): add(0xCB, Int(bitPattern: UInt(number.bitPattern)), width: 8)
    case .string(let text):
      addCount(text.utf8.count, short: (0xA0, 31), codes: [0xD9, 0xDA, 0xDB])
      bytes += text.utf8
    case .bytes(let data): add(data)
    case .array(let elements):
      addCount(elements.count, short: (0x90, 15), codes: [nil, 0xDC, 0xDD])
      for element in elements { add(element) }
    case .map(let entries):
      addCount(entries.count, short: (0x80, 15), codes: [nil, 0xDE, 0xDF])
      for entry in entries {
        add(entry.key)
        add(entry.value)
      }
    case .tensor(let tensor):
      if tensor.contents.count > chunkSize { add(chunks(of: tensor)) } else { add(tensor) }
    case .other(let kind, let data): add(data, kind: kind)
    }
  }

  private mutating func add(_ code: UInt8, _ number: Int, width: Int) {
    bytes.append(code)
    for place in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
  }

  private mutating func add(_ number: Int) {
    switch number {
    case -32..<128: bytes.append(UInt8(truncatingIfNeeded: number))
    case 128..<1 << 8: add(0xCC, number, width: 1)
    case 1 << 8..<1 << 16: add(0xCD, number, width: 2)
    case 1 << 16..<1 << 32: add(0xCE, number, width: 4)
    case (1 << 32)...: add(0xCF, number, width: 8)
    case -1 << 7..<0: add(0xD0, number, width: 1)
    case -1 << 15..<0: add(0xD1, number, width: 2)
    case -1 << 31..<0: add(0xD2, number, width: 4)
    default: add(0xD3, number, width: 8)
    }
  }

  /// - Parameters:
  ///   - short: Code of the count 0, and the greatest count that is added to it.
  ///   - codes: Codes before counts of 1, 2 and 4 bytes; nil where there is none.
  private mutating func addCount(_ count: Int, short: (code: UInt8, most: Int)?, codes: [UInt8?]) {
    if let short, count <= short.most {
      bytes.append(short.code + UInt8(count))
    } else if count < 1 << 8, let code = codes[0] {
      add(code, count, width: 1)
    } else if count < 1 << 16, let code = codes[1] {
      add(code, count, width: 2)
    } else {
      require(count < 1 << 32, "MessagePackFile: a value of \(count) parts")
      add(codes[2] ?? 0, count, width: 4)
    }
  }

  private mutating func add(_ data: [UInt8]) {
    addCount(data.count, short: nil, codes: [0xC4, 0xC5, 0xC6])
    bytes += data
  }

  private mutating func add(_ data: [UInt8], kind: Int) {
    if let code = [1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8][data.count] as UInt8? {
      bytes.append(code)
    } else {
      addCount(data.count, short: nil, codes: [0xC7, 0xC8, 0xC9])
    }
    bytes.append(UInt8(truncatingIfNeeded: kind))
    bytes += data
  }

  // MARK: Arrays of flax

  private mutating func add(_ tensor: StoredTensor) {
    guard let name = FlaxArray.names[tensor.dtype] else {
      programmingError("MessagePackFile: flax has no elements of type \(tensor.dtype.rawValue)")
    }
    var part = MessagePackWriter(chunkSize: chunkSize)
    part.bytes.append(0x93)
    part.add(.array(tensor.shape.map { .int($0) }))
    part.add(.string(name))
    part.add(tensor.bytes)
    add(part.bytes, kind: FlaxArray.kind)
  }

  private func chunks(of tensor: StoredTensor) -> MessagePackValue {
    func numbered(_ values: [MessagePackValue]) -> MessagePackValue {
      .map(values.enumerated().map { MessagePackValue.Entry(key: .string("\($0)"), value: $1) })
    }
    let width = tensor.dtype.bitCount / 8
    let size = max(1, chunkSize / width) * width
    let parts = stride(from: 0, to: tensor.contents.count, by: size).map { start in
      let part = tensor.contents[start..<min(start + size, tensor.contents.count)]
      return MessagePackValue.tensor(StoredTensor(dtype: tensor.dtype, shape: [part.count / width], contents: part))
    }
    return .map([
      MessagePackValue.Entry(key: .string(FlaxArray.chunkMark), value: .bool(true)),
      MessagePackValue.Entry(key: .string("shape"), value: numbered(tensor.shape.map { .int($0) })),
      MessagePackValue.Entry(key: .string("chunks"), value: numbered(parts)),
    ])
  }
}
