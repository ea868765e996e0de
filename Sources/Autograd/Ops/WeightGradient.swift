import TensorCore

/// The gradient of a weight and of a bias, Σ gᵀ·x and Σ g over rows, gathered stretch by stretch of the rows so that each is
/// added while it is in the caches.
///
/// The threads of a team work on it together: each calls `pack` for a stretch, all wait for each other, and each calls `add`.
/// Results do not depend on the number of threads, because every thread has its own part of the weight and adds all rows to it.
package struct WeightGradient<Scalar: TensorScalar> {
  /// Σ gᵀ·x, [out, in], once the first stretch was added (they are added from the last to the first).
  package let weight: Tensor<Scalar>
  /// Σ g, [out].
  package let bias: Tensor<Scalar>?
  /// The stretches of the rows.
  package let stretches: [Range<Int>]

  private let inputs: Tensor<Scalar>
  private let weightView: MatrixView<Scalar>
  private let biasView: MatrixView<Scalar>?
  private let team: ThreadTeam
  /// The inputs of a stretch, by how many rows it has.
  private let packed: [Int: PackedMatrix<Scalar>]

  /// - Parameters:
  ///   - inputs: x, [rows, in]; more rows than the stretches cover may follow.
  ///   - outputs: the columns of g.
  package init(
    inputs: Tensor<Scalar>, outputs: Int, stretches: [Range<Int>], hasBias: Bool, workspace: Workspace<Scalar>
  ) {
    let width = inputs.shape[-1]
    var weight = Tensor<Scalar>(uninitialized: [outputs, width], pool: workspace.pool)
    var bias = hasBias ? Tensor<Scalar>(uninitialized: [1, outputs], pool: workspace.pool) : nil
    (weightView, biasView) = (weight.mutableMatrix(), bias?.mutableMatrix())
    (self.weight, self.bias) = (weight, bias?.reshaped([outputs]))
    (self.inputs, self.stretches, team) = (inputs, stretches, workspace.team)
    var packed: [Int: PackedMatrix<Scalar>] = [:]
    for stretch in stretches where packed[stretch.count] == nil {
      packed[stretch.count] = PackedMatrix(
        uninitializedRows: stretch.count, columns: width, format: workspace.products, pool: workspace.pool)
    }
    self.packed = packed
  }

  /// Stretches of some rows, each of as many as a product adds up well at once, in whole units where one fits.
  package static func stretches(of rows: Int, unit: Int = 1) -> [Range<Int>] {
    let length = max(512 / unit, 1) * unit
    return stride(from: 0, to: rows, by: length).map { $0..<min($0 + length, rows) }
  }

  /// Packs a thread's part of the inputs of a stretch.
  package func pack(_ stretch: Range<Int>, thread: Int) {
    let part = team.part(of: inputs.shape[-1], unit: PackedMatrix<Scalar>.panelWidth, for: thread)
    packed[stretch.count]!.pack(inputs.matrix().rows(stretch), columns: part)
  }

  /// Adds a stretch to a thread's part of the gradients.
  ///
  /// - Parameter g: the gradients of the outputs in the rows of the stretch, all of whose inputs are packed.
  package func add(_ g: MatrixView<Scalar>, _ stretch: Range<Int>, thread: Int) {
    let isFirst = stretch == stretches.last
    let part = team.part(of: weightView.rows, for: thread)
    weightView.rows(part).setProduct(
      g.columns(part), transposed: true, packed[stretch.count]!, accumulating: !isFirst)
    if let target = biasView?.columns(part) {
      if isFirst { target.fill(0) }
      target.addColumnSums(of: g.columns(part))
    }
  }

  /// Adds all stretches of g, [rows, out].
  package func add(_ g: Tensor<Scalar>) {
    let view = g.matrix()
    let barrier = ThreadBarrier(of: team.count)
    team.run { thread in
      for stretch in stretches.reversed() {
        pack(stretch, thread: thread)
        barrier.wait()
        add(view.rows(stretch), stretch, thread: thread)
        barrier.wait()
      }
    }
    withExtendedLifetime(g) {}
  }
}
