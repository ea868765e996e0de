import TensorCore

/// Threads, reusable memory and packed weights, kept from one step to the next.
///
/// A trainer or a sampler owns one. Results depend on the format of the products, never on the cached contents or on the
/// number of threads.
public final class Workspace<Scalar: TensorScalar> {
  public let team: ThreadTeam
  /// Where the results of passes are computed; parameters and inputs must be there too.
  public let device: Device
  /// Memory of passes, on the device.
  public let pool: BufferPool
  /// Number format of the right-hand sides of products.
  public let products: ProductFormat
  private var packs = ParameterCache<PackedPart, UInt64, PackedMatrix<Scalar>>()
  private var tables = ParameterCache<ObjectIdentifier, [UInt64], Tensor<Scalar>>()
  /// Values by key, each with the number of its last use.
  private var derived: [AnyHashable: (value: Any, use: Int)] = [:]
  private var uses = 0

  private struct PackedPart: Hashable {
    let rows: Range<Int>?
    let transposed: Bool
  }

  /// - Precondition: this machine supports the products for this scalar type.
  public convenience init(threads: Int = 1, products: ProductFormat = .full) {
    self.init(team: ThreadTeam(threads: threads), products: products)
  }

  /// A workspace of passes on a device.
  public convenience init(device: Device) { self.init(team: ThreadTeam(threads: 1), products: .full, device: device) }

  /// Whether sequences are computed in one launch wherever that is possible, not only where it is worth it.
  package var launchesWholeSequences = false

  /// A workspace that shares threads with others.
  ///
  /// - Precondition: this machine supports the products for this scalar type.
  package init(team: ThreadTeam, products: ProductFormat, device: Device = .cpu) {
    (self.team, self.products, self.device) = (team, products, device)
    pool = BufferPool(on: device)
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
    guard let identity = parameter.identity else { return packed() }
    return packs.value(
      of: identity, PackedPart(rows: part, transposed: transposed), version: parameter.generation, make: packed)
  }

  /// A value that depends on a key alone, computed once for each of the last sixteen keys: there is one for each length of the
  /// sequences that a layer reads.
  package func value<Value>(for key: some Hashable, make: () -> Value) -> Value {
    let key = AnyHashable(key)
    uses += 1
    if let known = derived[key]?.value as? Value {
      derived[key]!.use = uses
      return known
    }
    let value = make()
    if derived.count == 16 { derived[derived.min { $0.value.use < $1.value.use }!.key] = nil }
    derived[key] = (value, uses)
    return value
  }

  /// A tensor derived from some parameters, recomputed only when one of them has changed. It is kept for the first.
  ///
  /// - Parameter user: type of whoever derives it; together with the parameters it decides the values.
  package func table(
    of parameters: [Parameter<Scalar>], for user: Any.Type, make: () -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    guard let identity = parameters[0].identity else { return make() }
    return tables.value(of: identity, ObjectIdentifier(user), version: parameters.map { $0.generation }, make: make)
  }
}
