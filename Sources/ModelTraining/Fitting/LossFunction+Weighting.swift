import Autograd
import TabularData
import TensorCore

extension LossFunction {
  /// The mean loss over the targets that count, each with its weight, and the sum of these weights.
  ///
  /// A loss is a mean over the rows of a batch, so that a weighted one is the weighted mean of the losses of rows of equal
  /// weight. Numbers that are missing (NaN) are left out one by one.
  ///
  /// - Parameters:
  ///   - outputs: a row for each target.
  ///   - weights: of the targets; nil where all count alike.
  func weightedMean(
    _ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, weights: [Double]?,
    in context: borrowing ForwardContext<Scalar>
  ) -> (loss: Variable<Scalar>, weight: Double) {
    let (count, rows) = (outputs.value.count, outputs.shape[0])
    if weights == nil && rows > 0 && !targets.hasMissing { return (mean(outputs, targets, in: context), Double(rows)) }
    let groups = Dictionary(grouping: 0..<rows) { weights?[$0] ?? 1 }
    var parts: [(loss: Variable<Scalar>, weight: Double)] = []
    for (weight, indices) in groups.sorted(by: { $0.key < $1.key }) where weight > 0 {
      var (own, counted) = (outputs.gathering(indices), targets.rows(indices))
      if case .values(let values) = counted, counted.hasMissing { (own, counted) = own.leavingOutMissing(values) }
      if own.value.count == 0 { continue }
      parts.append((mean(own, counted, in: context), weight * (Double(own.value.count * rows) / Double(count))))
    }
    let total = parts.reduce(0) { $0 + $1.weight }
    // Shares of the whole, which any format of numbers can hold.
    let terms = parts.map { $0.loss * Scalar($0.weight / total) }
    guard let first = terms.first else { return (outputs.gathering([]).sum(), 0) }
    return (terms.dropFirst().reduce(first) { $0 + $1 }, total)
  }

  /// The loss of outputs that are perhaps on a device, and targets of the host.
  private func mean(
    _ outputs: Variable<Scalar>, _ targets: Targets<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    guard case .values(let values) = targets else { return self(outputs, targets, in: context) }
    return self(outputs, .values(values.copied(to: context.workspace.device)), in: context)
  }
}

extension Targets {
  /// Whether some number is missing, a NaN.
  var hasMissing: Bool { if case .values(let values) = self { values.firstNonFinite != nil } else { false } }

  fileprivate func rows(_ indices: [Int]) -> Targets {
    switch self {
    case .values(let values): .values(values.rows(indices))
    case .classes(let classes): .classes(indices.map { classes[$0] })
    }
  }
}

extension Variable {
  /// The outputs, [numbers, 1], whose targets are there, and these targets.
  fileprivate func leavingOutMissing(_ targets: Tensor<Scalar>) -> (outputs: Variable, targets: Targets<Scalar>) {
    if targets.shape != shape {
      shapeFailure("loss", shape, targets.shape, hint: "outputs and targets must have one shape")
    }
    let scalars = targets.scalars
    let present = scalars.indices.filter { !scalars[$0].isNaN }
    let numbers = Tensor(present.map { scalars[$0] }, shape: [present.count, 1])
    return (reshaped([scalars.count, 1]).gathering(present), .values(numbers))
  }
}
