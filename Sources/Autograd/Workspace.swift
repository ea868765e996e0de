import TensorCore

/// Threads, reusable memory and packed weights, kept from one step to the next.
///
/// A trainer or a sampler owns one. Results depend on the format of the products, never on the cached contents or on the
/// number of threads.
public final class Workspace<Scalar: TensorScalar> {
  public let team: ThreadTeam
  public let pool = BufferPool()
  /// Number format of the right-hand sides of products.
  public let products: ProductFormat
  private var packs: [PackKey: (generation: UInt64, matrix: PackedMatrix<Scalar>)] = [:]
  private var tables: [Int: (generations: [UInt64], table: Tensor<Scalar>)] = [:]

  private var derived: [AnyHashable: Any] = [:]

  private struct PackKey: Hashable {
    let slot: Int
    let rows: Range<Int>?
    let transposed: Bool
  }

  /// - Precondition: this machine supports the products for this scalar type.
  public init(threads: Int = 1, products: ProductFormat = .full) {
    team = ThreadTeam(threads: threads)
    self.products = products
  }

  /// A workspace that shares threads with others.
  ///
  /// - Precondition: this machine supports the products for this scalar type.
  package init(team: ThreadTeam, products: ProductFormat) {
    self.team = team
    self.products = products
  }

  /// A matrix (or its transpose) as the right-hand side of products.
  package func pack(_ matrix: Tensor<Scalar>, transposed: Bool = false) -> PackedMatrix<Scalar> {
    PackedMatrix(matrix, transposed: transposed, format: products, team: team, pool: pool)
  }

  /// The parameter's matrix (or its transpose) as the right-hand side of products, packed again only when it has changed. Axes
  /// after the second count as one with it.
  ///
  /// - Parameter part: the rows that are packed; nil for all of them.
  package func packed(
    _ parameter: Parameter<Scalar>, rows part: Range<Int>? = nil, transposed: Bool
  ) -> PackedMatrix<Scalar> {
    func packed() -> PackedMatrix<Scalar> {
      let (value, shape) = (parameter.value, parameter.shape)
      let matrix = shape.rank == 2 ? value : value.reshaped([shape[0], shape.dimensions.dropFirst().reduce(1, *)])
      return pack(part.map { matrix.rows($0) } ?? matrix, transposed: transposed)
    }
    guard let slot = parameter.slot else { return packed() }
    let key = PackKey(slot: slot, rows: part, transposed: transposed)
    if let known = packs[key], known.generation == parameter.generation { return known.matrix }
    packs[key] = nil
    let matrix = packed()
    packs[key] = (parameter.generation, matrix)
    return matrix
  }

  /// A value that depends on a key alone, computed once.
  package func value<Value>(for key: some Hashable, make: () -> Value) -> Value {
    if let known = derived[AnyHashable(key)] as? Value { return known }
    let value = make()
    derived[AnyHashable(key)] = value
    return value
  }

  /// A tensor derived from some parameters, recomputed only when one of them has changed. It is cached under the slot of the
  /// first, so that a parameter can be first in one table only.
  package func table(of parameters: [Parameter<Scalar>], make: () -> Tensor<Scalar>) -> Tensor<Scalar> {
    guard let slot = parameters[0].slot else { return make() }
    let generations = parameters.map { $0.generation }
    if let known = tables[slot], known.generations == generations { return known.table }
    let table = make()
    tables[slot] = (generations, table)
    return table
  }
}
