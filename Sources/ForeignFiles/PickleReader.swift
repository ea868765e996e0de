import TensorCore

/// A reader of pickles that runs nothing: it knows plain data and the few names by which PyTorch's files describe tensors.
///
/// It takes time and memory in proportion to the pickle, whatever that says.
struct PickleReader {
  typealias Problem = TorchFileError.PickleProblem

  /// Instructions of a pickle: those of some six thousand tensors. It bounds the memory of stack, memo and values.
  static let instructionLimit = 3 << 16

  private let bytes: [UInt8]
  private var offset = 0
  /// Offset of the instruction that is being read.
  private var instructionStart = 0
  private var stack: [PickleItem] = []
  /// Heights of the stack at which groups of items begin.
  private var marks: [Int] = []
  private var memo: [PickleItem] = []
  var containers: [PickleContainer] = []
  var storages: [PickledStorage] = []
  /// Bytes of texts that others were made of.
  var textBytes = 0

  /// The value that a pickle stands for.
  static func value(of bytes: [UInt8]) throws(TorchFileError.Problem) -> PickledValue {
    var reader = PickleReader(bytes)
    do throws(Problem) { return try reader.run() } catch { throw .pickle(error, offset: reader.instructionStart) }
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func run() throws(Problem) -> PickledValue {
    for _ in 0..<Self.instructionLimit {
      instructionStart = offset
      let code = UInt8(try number(1))
      guard let opcode = PickleOpcode(rawValue: code) else { throw .unknownInstruction(code) }
      if opcode == .stop { return try finish() }
      try perform(opcode)
    }
    throw .tooManyInstructions
  }

  private mutating func finish() throws(Problem) -> PickledValue {
    let item = try pop()
    guard stack.isEmpty, marks.isEmpty else { throw .malformed(expected: "one value") }
    guard offset == bytes.count else { throw .trailingBytes }
    // Their memory is given back before values are made.
    (stack, memo) = ([], [])
    return try PickleTree.value(of: item, in: containers)
  }

  private mutating func perform(_ opcode: PickleOpcode) throws(Problem) {
    switch opcode {
    case .proto:
      let version = try number(1)
      guard 2...5 ~= version else { throw .unknownProtocol(version) }
    case .frame: _ = try take(8)
    case .stop: break

    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .binInt1: push(.int(try number(1)))
    case .binInt2: push(.int(try number(2)))
    case .binInt: push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
    case .long1: push(.int(try signedNumber(try number(1))))
    case .binFloat: push(.float(Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })))
    case .shortBinUnicode: push(.string(try text(try number(1))))
    case .binUnicode: push(.string(try text(try number(4))))
    case .binUnicode8: push(.string(try text(try number(8))))
    case .shortBinBytes: push(.bytes(Array(try take(try number(1)))))
    case .binBytes: push(.bytes(Array(try take(try number(4)))))
    case .binBytes8: push(.bytes(Array(try take(try number(8)))))

    case .mark: marks.append(stack.count)
    case .emptyTuple: pushContainer(.tuple, [])
    case .tuple: pushContainer(.tuple, try popGroup())
    case .tuple1: pushContainer(.tuple, try pop(1))
    case .tuple2: pushContainer(.tuple, try pop(2))
    case .tuple3: pushContainer(.tuple, try pop(3))
    case .emptyList: pushContainer(.list, [])
    case .emptyDictionary: pushContainer(.dictionary, [])
    case .append: try extend(.list, by: try pop(1))
    case .appends: try extend(.list, by: try popGroup())
    case .setItem: try extend(.dictionary, by: try pop(2))
    case .setItems: try extend(.dictionary, by: try popGroup())

    case .binPut: try remember(at: try number(1))
    case .longBinPut: try remember(at: try number(4))
    case .memoize: try remember(at: memo.count)
    case .binGet: stack.append(try remembered(try number(1)))
    case .longBinGet: stack.append(try remembered(try number(4)))

    case .global: stack.append(try global(module: try line(), name: try line()))
    case .stackGlobal:
      let names = try pop(2)
      guard case .value(.string(let module)) = names[0], case .value(.string(let name)) = names[1] else {
        throw .malformed(expected: "the name of a class")
      }
      stack.append(try global(module: module, name: name))
    case .reduce:
      let parts = try pop(2)
      stack.append(try result(of: parts[0], arguments: parts[1]))
    case .build:
      // Attributes of an OrderedDict, such as the `_metadata` of a state dict, are no part of its value.
      _ = try pop()
      try extend(.dictionary, by: [])
    case .binPersistentID: stack.append(try storage(try pop()))
    }
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else { throw .cutShort }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// A number without a sign, of `width` bytes.
  private mutating func number(_ width: Int) throws(Problem) -> Int {
    let start = offset
    _ = try take(width)
    guard let number = bytes.number(at: start, width: width) else { throw .integerTooLarge }
    return number
  }

  /// An integer in two's complement, of any width.
  private mutating func signedNumber(_ width: Int) throws(Problem) -> Int {
    let digits = try take(width)
    let sign: UInt8 = (digits.last ?? 0) < 0x80 ? 0 : 0xFF
    guard digits.dropFirst(8).allSatisfy({ $0 == sign }) else { throw .integerTooLarge }
    let low = digits.prefix(8).reversed().reduce(sign == 0 ? 0 : UInt64.max) { $0 << 8 | UInt64($1) }
    guard (Int64(bitPattern: low) < 0) == (sign != 0) else { throw .integerTooLarge }
    return Int(Int64(bitPattern: low))
  }

  private mutating func text(_ count: Int) throws(Problem) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else { throw .textNotUTF8 }
    return text
  }

  private mutating func line() throws(Problem) -> String {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else { throw .cutShort }
    let line = try text(end - offset)
    offset = end + 1
    return line
  }

  // MARK: Stack and memo

  private mutating func push(_ value: PickledValue) { stack.append(.value(value)) }

  private mutating func pushContainer(_ kind: PickleContainer.Kind, _ items: [PickleItem]) {
    containers.append(PickleContainer(kind: kind, items: items))
    stack.append(.container(containers.count - 1))
  }

  private mutating func pop() throws(Problem) -> PickleItem { try pop(1)[0] }

  /// The uppermost items, lowest first.
  private mutating func pop(_ count: Int) throws(Problem) -> [PickleItem] {
    guard stack.count - (marks.last ?? 0) >= count else { throw .malformed(expected: counted(count, "value")) }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popGroup() throws(Problem) -> [PickleItem] {
    guard let start = marks.popLast() else { throw .malformed(expected: "the start of a group") }
    defer { stack.removeLast(stack.count - start) }
    return Array(stack[start...])
  }

  private mutating func extend(_ kind: PickleContainer.Kind, by items: [PickleItem]) throws(Problem) {
    guard stack.count > marks.last ?? 0, case .container(let number)? = stack.last, containers[number].kind == kind,
      kind == .list || items.count.isMultiple(of: 2)
    else { throw .malformed(expected: kind == .list ? "a list" : "a dictionary and pairs of key and value") }
    containers[number].items += items
  }

  /// Keeps the uppermost item. Python numbers what it keeps in turn.
  private mutating func remember(at place: Int) throws(Problem) {
    guard place == memo.count, stack.count > marks.last ?? 0, let item = stack.last else {
      throw .malformed(expected: "a value to be kept as number \(memo.count)")
    }
    memo.append(item)
  }

  private func remembered(_ place: Int) throws(Problem) -> PickleItem {
    guard place < memo.count else { throw .malformed(expected: "the number of a value that was kept") }
    return memo[place]
  }
}
