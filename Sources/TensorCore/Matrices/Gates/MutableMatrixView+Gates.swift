/// Shapes that the pointwise part of a recurrent step requires of its operands. This view holds the gates, [rows, gates · H].
extension MutableMatrixView {
  /// Traps unless every state is [rows, H] without gaps between its rows, as the kernels take them.
  ///
  /// Not a list of states: an array at each step of a sequence is a noticeable part of a small cell's time.
  func requireStates(
    _ gates: Int, _ first: MatrixView<Scalar>, _ second: MatrixView<Scalar>? = nil, _ third: MatrixView<Scalar>? = nil,
    _ fourth: MatrixView<Scalar>? = nil
  ) {
    requireState(gates, first)
    if let second { requireState(gates, second) }
    if let third { requireState(gates, third) }
    if let fourth { requireState(gates, fourth) }
  }

  private func requireState(_ gates: Int, _ state: MatrixView<Scalar>) {
    if state.rows != rows || state.columns * gates != columns || !state.isContiguous {
      shapeFailure("recurrent gates", shape, state.shape, hint: "\(gates) gates need a state of 1/\(gates) the width")
    }
  }

  /// Traps unless a matrix has the shape of these gates.
  func requireGates(_ gates: MatrixView<Scalar>) {
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
  }
}
