import TensorCheckpoints

/// A storage as a pickle names it.
struct PickledStorage {
  let dtype: StoredTensor.DType
  let name: String
  let count: Int
}

extension PickleReader {
  func global(module: String, name: String) throws(Problem) -> PickleItem {
    if module == "torch" && PickleGlobal.dtypes.contains(name) { return .value(.string("torch.\(name)")) }
    guard let global = PickleGlobal(module: module, name: name) else { throw .unknownGlobal("\(module).\(name)") }
    return .global(global)
  }

  /// The object that a call of a known class or function stands for.
  mutating func result(of callable: PickleItem, arguments: PickleItem) throws(Problem) -> PickleItem {
    guard case .global(let global) = callable, let arguments = tuple(arguments) else {
      throw .malformed(expected: "a class and its arguments")
    }
    switch global {
    case .orderedDictionary:
      guard arguments.isEmpty else { break }
      containers.append(PickleContainer(kind: .dictionary))
      return .container(containers.count - 1)
    case .tensor: return .value(.tensor(try tensor(arguments)))
    case .parameter:
      guard arguments.count == 3, case .value(.tensor) = arguments[0] else { break }
      return arguments[0]
    case .size:
      guard arguments.count == 1, try integers(arguments[0]) != nil else { break }
      return arguments[0]
    case .device:
      guard 1...2 ~= arguments.count, case .value(.string(let kind)) = arguments[0] else { break }
      if arguments.count == 1 { return .value(.string(kind)) }
      guard case .value(.int(let number)) = arguments[1] else { break }
      try countText(kind)
      return .value(.string("\(kind):\(number)"))
    case .encode:
      guard arguments.count == 2, case .value(.string(let text)) = arguments[0],
        case .value(.string("latin1")) = arguments[1], text.unicodeScalars.allSatisfy({ $0.value < 0x100 })
      else { break }
      try countText(text)
      return .value(.bytes(text.unicodeScalars.map { UInt8($0.value) }))
    case .storage: break
    }
    throw .malformed(expected: "the arguments of a class that PyTorch's files name")
  }

  /// Counts a text that others are made of, as it may be used many times.
  private mutating func countText(_ text: String) throws(Problem) {
    textBytes += text.utf8.count
    guard textBytes <= TorchCheckpoint.pickleLimit else { throw .tooMuchText }
  }

  /// The storage of a persistent identifier: `("storage", class, name, device, elements)`.
  mutating func storage(_ identifier: PickleItem) throws(Problem) -> PickleItem {
    guard let parts = tuple(identifier), parts.count == 5, case .value(.string("storage")) = parts[0],
      case .global(.storage(let dtype)) = parts[1], case .value(.string(let name)) = parts[2],
      case .value(.string) = parts[3], case .value(.int(let count)) = parts[4], count >= 0
    else { throw .malformed(expected: "the class, name, device and size of a storage") }
    storages.append(PickledStorage(dtype: dtype, name: name, count: count))
    return .storage(storages.count - 1)
  }

  /// The tensor of `(storage, offset, shape, strides, needs gradient, hooks, …)`.
  private func tensor(_ arguments: [PickleItem]) throws(Problem) -> PickledTensor {
    guard 6...7 ~= arguments.count, case .storage(let number) = arguments[0],
      case .value(.int(let offset)) = arguments[1], let shape = try integers(arguments[2]),
      let strides = try integers(arguments[3])
    else { throw .malformed(expected: "storage, offset, shape and strides of a tensor") }
    let storage = storages[number]
    return PickledTensor(
      dtype: storage.dtype, shape: shape, strides: strides, offset: offset, storage: storage.name,
      storageCount: storage.count)
  }

  private func tuple(_ item: PickleItem) -> [PickleItem]? {
    guard case .container(let number) = item, containers[number].kind == .tuple else { return nil }
    return containers[number].items
  }

  /// A shape or strides: one tuple may be that of many tensors.
  private func integers(_ item: PickleItem) throws(Problem) -> [Int]? {
    guard let items = tuple(item) else { return nil }
    guard items.count <= CheckpointLimits.rank else { throw .tooManyDimensions }
    var numbers: [Int] = []
    for item in items {
      guard case .value(.int(let number)) = item else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
