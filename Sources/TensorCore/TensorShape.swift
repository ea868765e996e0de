/// The sizes of a tensor's axes, outermost first. An empty shape is that of a single number.
public struct TensorShape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let dimensions: [Int]

  /// - Precondition: no dimension is negative, and the number of elements fits an `Int`.
  public init(_ dimensions: [Int]) {
    var count = 1
    for size in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      require(size >= 0 && !overflow, "a tensor cannot have the shape \(dimensions)")
      count = product
    }
    self.dimensions = dimensions
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// How many axes there are.
  public var rank: Int { dimensions.count }

  /// How many elements a tensor of this shape has: the product of its dimensions.
  public var count: Int { dimensions.reduce(1, *) }

  /// The size of an axis; a negative axis counts from the last.
  public subscript(axis: Int) -> Int { dimensions[resolve(axis)] }

  /// The axis as a non-negative number; traps when there is no such axis.
  package func resolve(_ axis: Int) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    require(resolved >= 0 && resolved < rank, "shape \(self) has no axis \(axis)")
    return resolved
  }

  /// The elements of all axes but the last, that is, how many rows of the last axis there are.
  package var rowCount: Int { dimensions.dropLast().reduce(1, *) }

  /// The shape that both broadcast to by NumPy's rule (axes aligned from the last; equal, or one of them 1); nil if none.
  public func broadcast(with other: TensorShape) -> TensorShape? {
    if self == other { return self }
    let rank = max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for back in 1...max(rank, 1) where back <= rank {
      let a = back <= self.rank ? dimensions[self.rank - back] : 1
      let b = back <= other.rank ? other.dimensions[other.rank - back] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[rank - back] = a == 1 ? b : a
    }
    return TensorShape(result)
  }

  /// `[2, 3]`, as an array is written.
  public var description: String { dimensions.description }
}
