import TensorCore

extension Variable {
  /// These elements under another shape; one dimension may be −1, and is then inferred.
  public func reshaped(_ dimensions: [Int]) -> Variable {
    let shape = shape
    return Variable.operation(value.reshaped(dimensions), of: [self]) { [$0.reshaped(shape.dimensions)] }
  }

  /// The last two axes exchanged.
  public func transposed() -> Variable { Variable.operation(value.transposed(), of: [self]) { [$0.transposed()] } }

  /// The axes in another order: axis i of the result is axis `axes[i]` of this variable.
  public func permuted(_ axes: [Int]) -> Variable {
    let shape = shape
    return Variable.operation(value.permuted(axes), of: [self]) {
      let places = axes.map(shape.resolve)
      return [$0.permuted(places.indices.sorted { places[$0] < places[$1] })]
    }
  }

  /// The variable repeated along its axes of size 1, and along new leading ones, until it has the given shape.
  public func broadcast(to shape: TensorShape) -> Variable {
    let own = self.shape
    return Variable.operation(value.broadcast(to: shape), of: [self]) { [$0.sum(to: own)] }
  }

  /// A range of one axis.
  public func slice(axis: Int, _ range: Range<Int>) -> Variable {
    let shape = shape
    return Variable.operation(value.slice(axis: axis, range), of: [self]) {
      [$0.padded(to: shape, axis: axis, at: range.lowerBound)]
    }
  }

  /// One entry of the leading axis, which disappears.
  public func row(_ index: Int) -> Variable {
    slice(axis: 0, index..<index + 1).reshaped(Array(shape.dimensions.dropFirst()))
  }

  /// Tensors side by side along an existing axis.
  public static func concatenate(_ variables: [Variable], axis: Int) -> Variable {
    let sizes = variables.map { $0.shape[axis] }
    return operation(Tensor.concatenate(variables.map { $0.value }, axis: axis), of: variables) { upstream in
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return upstream.slice(axis: axis, start..<start + size)
      }
    }
  }

  /// Tensors of one shape along a new leading axis.
  public static func stack(_ variables: [Variable]) -> Variable {
    let count = variables.count
    return operation(Tensor.stack(variables.map { $0.value }), of: variables) { upstream in
      (0..<count).map { upstream.row($0) }
    }
  }

  /// The parts at the given indices of the leading axis.
  package func gathering(_ indices: [Int]) -> Variable {
    let rest = shape.dimensions.dropFirst()
    return reshaped([shape[0], rest.reduce(1, *)]).gatherRows(indices.map { Int32($0) }).reshaped(
      [indices.count] + rest)
  }

  /// Row `indices[i]` of this matrix [n, width] as row i: an embedding's look-up.
  ///
  /// - Precondition: every index is at least 0 and below n.
  public func gatherRows(_ indices: [Int32]) -> Variable {
    let shape = shape
    return Variable.operation(value.gatherRows(indices), of: [self]) {
      var gradient = Tensor<Scalar>.zeros(shape, beside: $0)
      gradient.scatterAddRows(indices, $0)
      return [gradient]
    }
  }
}
