import TensorCore

extension Variable {
  /// The columns of this matrix [rows, columns] at the given indices, [rows, indices]; a negative index gives a column of 0.
  ///
  /// - Precondition: no index is beyond the last column.
  public func gatherColumns(_ indices: [Int32], in context: borrowing ForwardContext<Scalar>) -> Variable {
    let (columns, team) = (shape[-1], context.workspace.team)
    return Variable.operation(value.gatherColumns(indices, team: team), of: [self]) {
      [$0.scatterColumns(indices, columns: columns, team: team)]
    }
  }
}

/// A linear map for each of a number of units, each of which has inputs and weights of its own: y[b, u] = W[u]·x[b, u].
///
/// - Parameters:
///   - input: [batch, units, in].
///   - weight: [units, out, in].
/// - Returns: [batch, units, out].
public func locallyLinear<Scalar>(
  _ input: Variable<Scalar>, weight: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>
) -> Variable<Scalar> {
  let (x, w) = (input.value, weight.value)
  guard x.rank == 3, w.rank == 3, x.shape[1] == w.shape[0], x.shape[2] == w.shape[2] else {
    shapeFailure("locallyLinear", x.shape, w.shape, hint: "an input [batch, units, in] needs a weight [units, out, in]")
  }
  let products = UnitProducts(workspace: context.workspace, batch: x.shape[0], units: w.shape[0])
  let wanted = (input: input.isRecorded, weight: weight.isRecorded)
  return Variable.operation(products.outputs(x, w), of: [input, weight]) { upstream in
    [
      wanted.input ? products.inputGradient(upstream, w) : nil,
      wanted.weight ? products.weightGradient(upstream, x) : nil,
    ]
  }
}

/// The products of all units, each with its own columns of matrices [batch, units · width]. Threads share the units.
private struct UnitProducts<Scalar: TensorScalar> {
  let workspace: Workspace<Scalar>
  let batch: Int
  let units: Int

  /// x[b, u]·W[u]ᵀ.
  func outputs(_ x: Tensor<Scalar>, _ w: Tensor<Scalar>) -> Tensor<Scalar> {
    let (inputs, outputs) = (w.shape[2], w.shape[1])
    let result = OwnedMatrix<Scalar>(uninitialized: [batch, units * outputs], pool: workspace.pool)
    let (source, weights, target) = (wide(x), w.matrix(), result.view)
    forEachUnit(packing: inputs, outputs, keeping: (x, w, result)) { unit, packed in
      packed.pack(weights.rows(part(unit, outputs)), transposed: true, columns: 0..<outputs)
      target.columns(part(unit, outputs)).setProduct(source.columns(part(unit, inputs)), packed)
    }
    return result.tensor.reshaped([batch, units, outputs])
  }

  /// g[b, u]·W[u].
  func inputGradient(_ g: Tensor<Scalar>, _ w: Tensor<Scalar>) -> Tensor<Scalar> {
    let (inputs, outputs) = (w.shape[2], w.shape[1])
    let result = OwnedMatrix<Scalar>(uninitialized: [batch, units * inputs], pool: workspace.pool)
    let (source, weights, target) = (wide(g), w.matrix(), result.view)
    forEachUnit(packing: outputs, inputs, keeping: (g, w, result)) { unit, packed in
      packed.pack(weights.rows(part(unit, outputs)), columns: 0..<inputs)
      target.columns(part(unit, inputs)).setProduct(source.columns(part(unit, outputs)), packed)
    }
    return result.tensor.reshaped([batch, units, inputs])
  }

  /// Σ over the batch of g[b, u]ᵀ·x[b, u].
  func weightGradient(_ g: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let (inputs, outputs) = (x.shape[2], g.shape[2])
    let result = OwnedMatrix<Scalar>(uninitialized: [units, outputs, inputs], pool: workspace.pool)
    let (gradients, source, target) = (wide(g), wide(x), result.view)
    forEachUnit(packing: batch, inputs, keeping: (g, x, result)) { unit, packed in
      packed.pack(source.columns(part(unit, inputs)), columns: 0..<inputs)
      target.rows(part(unit, outputs)).setProduct(gradients.columns(part(unit, outputs)), transposed: true, packed)
    }
    return result.tensor
  }

  private func part(_ unit: Int, _ width: Int) -> Range<Int> { unit * width..<(unit + 1) * width }

  /// [batch, units · width].
  private func wide(_ tensor: Tensor<Scalar>) -> MatrixView<Scalar> {
    tensor.reshaped([batch, units * tensor.shape[2]]).matrix()
  }

  /// Calls `body` for each unit with room for its right-hand side, [rows, columns].
  private func forEachUnit<Owners>(
    packing rows: Int, _ columns: Int, keeping owners: Owners,
    _ body: (_ unit: Int, _ packed: PackedMatrix<Scalar>) -> Void
  ) {
    workspace.team.split(units, keeping: owners) { range in
      let packed = PackedMatrix<Scalar>(
        uninitializedRows: rows, columns: columns, format: .full, pool: workspace.pool)
      for unit in range { body(unit, packed) }
    }
  }
}
