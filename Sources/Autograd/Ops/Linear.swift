import TensorCore

/// y = x·Wᵀ + b over the last axis of x, on the workspace's threads, with the weights packed once per change.
///
/// - Parameters:
///   - input: [..., in].
///   - weight: [out, in], as PyTorch stores it; further axes count as one with the second ([out, channels, window], say).
///   - bias: [out], or none.
///   - rows: the rows of weight and bias that are used, the gates of one kind in a cell, say; nil for all.
/// - Returns: [..., out], or [..., rows].
public func linear<Scalar>(
  _ input: Variable<Scalar>, weight: Parameter<Scalar>, bias: Parameter<Scalar>?, rows part: Range<Int>? = nil,
  in context: borrowing ForwardContext<Scalar>
) -> Variable<Scalar> {
  let workspace = context.workspace
  let x = input.value
  let shape = weight.shape
  if let part {
    require(
      part.lowerBound >= 0 && part.upperBound <= shape[0],
      "linear: the rows \(part) are not in a weight of shape \(shape)")
  }
  if x.rank == 0 || shape.rank < 2 || x.shape[-1] != shape.dimensions.dropFirst().reduce(1, *) {
    shapeFailure("linear", x.shape, shape, hint: "an input [..., in] needs a weight [out, in]")
  }
  let output = affine(
    x, workspace.packed(weight, rows: part, transposed: true),
    bias: bias.map { all in part.map { all.value.rows($0) } ?? all.value },
    workspace: workspace)
  let inputs = [input, context.variable(weight)] + (bias.map { [context.variable($0)] } ?? [])
  let needsInputGradient = input.isRecorded
  return Variable.operation(output, of: inputs) { upstream in
    let dx =
      needsInputGradient
      ? upstream.matmul(
        workspace.packed(weight, rows: part, transposed: false), team: workspace.team, pool: workspace.pool) : nil
    let rows = upstream.shape.rowCount
    let sums = weightGradient(
      upstream.reshaped([rows, upstream.shape[-1]]), x.reshaped([rows, x.shape[-1]]), hasBias: bias != nil,
      workspace: workspace)
    func whole(_ gradient: Tensor<Scalar>, _ shape: TensorShape) -> Tensor<Scalar> {
      part.map { gradient.padded(to: shape, axis: 0, at: $0.lowerBound) } ?? gradient
    }
    let dw = sums.weight.reshaped([sums.weight.shape[0]] + shape.dimensions.dropFirst())
    return [dx, whole(dw, shape)] + (sums.bias.map { [whole($0, [shape[0]])] } ?? [])
  }
}

/// x·B + b over the last axis of x, with B packed.
package func affine<Scalar>(
  _ x: Tensor<Scalar>, _ matrix: PackedMatrix<Scalar>, bias: Tensor<Scalar>?, workspace: Workspace<Scalar>
) -> Tensor<Scalar> {
  guard let bias else { return x.matmul(matrix, team: workspace.team, pool: workspace.pool) }
  let columns = matrix.shape[1]
  var result = Tensor<Scalar>(
    uninitialized: TensorShape(x.shape.dimensions.dropLast() + [columns]), pool: workspace.pool)
  let (target, source, row) = (result.mutableMatrix(), x.matrix(), bias.reshaped([1, columns]).matrix())
  workspace.team.split(target.rows, keeping: (x, bias, result)) { rows in
    target.rows(rows).setProduct(source.rows(rows), matrix, onto: .everyRow(row))
  }
  return result
}

/// The gradients of a weight and of a bias, gᵀ·x and the column sums of g, from g, [rows, out], and x, [rows, in].
package func weightGradient<Scalar>(
  _ g: Tensor<Scalar>, _ x: Tensor<Scalar>, hasBias: Bool, workspace: Workspace<Scalar>
) -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
  if g.shape[0] == 0 {
    return (
      .zeros([g.shape[1], x.shape[1]], pool: workspace.pool), hasBias ? .zeros([g.shape[1]], pool: workspace.pool) : nil
    )
  }
  let plan = ChunkPlan(time: g.shape[0], batch: 1, on: workspace.device)
  let gradient = WeightGradient(
    inputs: x, outputs: g.shape[1], plan: plan, hasBias: hasBias, workspace: workspace)
  let view = g.matrix()
  let barrier = ThreadBarrier(of: workspace.team.count)
  workspace.team.run(keeping: (g, gradient)) { thread in
    for chunk in plan.chunks.reversed() {
      gradient.pack(chunk, thread: thread)
      barrier.wait()
      gradient.add([view.rows(chunk)], chunk, thread: thread)
      barrier.wait()
    }
  }
  return gradient.sums()
}

/// The sums over all axes but the last: the gradient of a bias.
package func columnSums<Scalar>(_ g: Tensor<Scalar>, workspace: Workspace<Scalar>) -> Tensor<Scalar> {
  var sums = Tensor<Scalar>(uninitialized: [g.shape[-1]], pool: workspace.pool)
  let (target, source) = (sums.mutableMatrix(), g.matrix())
  workspace.team.split(target.columns, unit: 64, keeping: (g, sums)) { columns in
    target.columns(columns).fill(0)
    target.columns(columns).addColumnSums(of: source.columns(columns))
  }
  return sums
}
