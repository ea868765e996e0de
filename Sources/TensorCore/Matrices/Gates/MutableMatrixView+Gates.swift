/// Shapes that the pointwise part of a recurrent step requires of its operands. This view holds the gates, [rows, gates · H].
extension MutableMatrixView {
  /// Traps unless every state is [rows, H] without gaps between its rows, as the kernels take them.
  func requireStates(_ gates: Int, _ states: MatrixView<Scalar>...) {
    for state in states where state.rows != rows || state.columns * gates != columns || !state.isContiguous {
      shapeFailure("recurrent gates", shape, state.shape, hint: "\(gates) gates need a state of 1/\(gates) the width")
    }
  }

  /// Traps unless a matrix has the shape of these gates.
  func requireGates(_ gates: MatrixView<Scalar>) {
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
  }
}
