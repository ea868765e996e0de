import TensorCore

/// Every row of the last axis brought to mean 0 and variance 1: (x − mean) / √(variance + epsilon), the variance divided by
/// the number of elements.
///
/// - Returns: the rows, of the input's shape.
/// - Precondition: the last axis is not empty.
public func normalizedRows<Scalar>(
  _ input: Variable<Scalar>, epsilon: Double, in context: borrowing ForwardContext<Scalar>
) -> Variable<Scalar> {
  normalizedRowsAndMoments(input, epsilon: epsilon, in: context).rows
}

/// Normalized rows, with the moments that were subtracted and divided by.
package func normalizedRowsAndMoments<Scalar>(
  _ input: Variable<Scalar>, epsilon: Double, in context: borrowing ForwardContext<Scalar>
) -> (rows: Variable<Scalar>, moments: RowMoments<Scalar>) {
  let team = context.workspace.team
  let (rows, moments) = input.value.normalizedRows(epsilon: epsilon, team: team)
  let result = Variable.operation(rows, of: [input]) {
    [rows.normalizedRowsGradient($0, moments: moments, epsilon: epsilon, team: team)]
  }
  return (result, moments)
}
