/// Something on the stack of a pickle.
enum PickleItem {
  /// A value without parts that could change.
  case value(PickledValue)
  /// A list, tuple or dictionary, by its number.
  case container(Int)
  case global(PickleGlobal)
  /// A storage, by its number.
  case storage(Int)
}

/// A list, tuple or dictionary that a pickle fills while others refer to it already.
struct PickleContainer {
  enum Kind { case list, tuple, dictionary }

  let kind: Kind
  /// The elements; keys and values of a dictionary in turn.
  var items: [PickleItem] = []
}

/// The values of containers, once all are filled. A container that several others hold is made once and shared.
struct PickleTree {
  /// Values of a whole tree, where each part counts as often as it stands in it: a walk over it comes to an end.
  static let valueLimit = 1 << 20
  /// Containers around a value.
  static let depthLimit = 64

  private struct Branch {
    var value: PickledValue
    var count: Int
    var height: Int
  }

  private let containers: [PickleContainer]
  private var branches: [Branch?]

  static func value(
    of item: PickleItem, in containers: [PickleContainer]
  ) throws(PickleReader.Problem) -> PickledValue {
    var tree = PickleTree(containers: containers)
    return try tree.branch(item, depth: 0).value
  }

  private init(containers: [PickleContainer]) {
    self.containers = containers
    branches = [Branch?](repeating: nil, count: containers.count)
  }

  private mutating func branch(_ item: PickleItem, depth: Int) throws(PickleReader.Problem) -> Branch {
    switch item {
    case .value(let value): return Branch(value: value, count: 1, height: 0)
    case .container(let number):
      if let branch = branches[number] { return branch }
      let branch = try branch(of: containers[number], depth: depth + 1)
      branches[number] = branch
      return branch
    case .global, .storage: throw .malformed(expected: "a value")
    }
  }

  private mutating func branch(of container: PickleContainer, depth: Int) throws(PickleReader.Problem) -> Branch {
    // A container within itself is of any depth.
    guard depth <= Self.depthLimit else { throw .nestedTooDeeply }
    var (values, count, height) = ([PickledValue](), 1, 0)
    for item in container.items {
      let part = try branch(item, depth: depth)
      values.append(part.value)
      count += part.count
      height = max(height, part.height)
      guard count <= Self.valueLimit else { throw .tooManyValues }
    }
    guard height < Self.depthLimit else { throw .nestedTooDeeply }
    let value: PickledValue =
      switch container.kind {
      case .list: .list(values)
      case .tuple: .tuple(values)
      case .dictionary:
        .dictionary(
          stride(from: 0, to: values.count, by: 2).map { PickledValue.Entry(key: values[$0], value: values[$0 + 1]) })
      }
    return Branch(value: value, count: count, height: height + 1)
  }
}
