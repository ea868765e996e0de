import TensorCore

extension Variable {
  /// The rows of the leading axis for which the mask holds, and zeros for the others, which get no gradient.
  ///
  /// - Precondition: there is one truth value for each row.
  public func keepingRows(_ mask: [Bool]) -> Variable {
    Variable.operation(value.choosingRows(mask), of: [self]) { [$0.choosingRows(mask)] }
  }

  /// The rows of the leading axis for which the mask holds, and those of another variable of the same shape for the others.
  ///
  /// - Precondition: there is one truth value for each row.
  public func keepingRows(_ mask: [Bool], else other: Variable) -> Variable {
    Variable.operation(value.choosingRows(mask, else: other.value), of: [self, other]) {
      [$0.choosingRows(mask), $0.choosingRows(mask.map { !$0 })]
    }
  }
}
