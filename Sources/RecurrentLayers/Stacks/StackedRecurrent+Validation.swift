import TensorCore

extension StackedRecurrent {
  /// Traps unless the cells fit each other and can do what the options ask for.
  func validate() {
    require(!cells.isEmpty, "StackedRecurrent: no cells")
    options.validate()
    require(
      cells.count > 1 || options.dropout == 0 && !options.dropoutIsLocked,
      "StackedRecurrent: dropout acts between layers, and there is 1 layer; leave it out or add layers")
    require(
      options.weightDrop == 0 || (cells + reverseCells).allSatisfy(\.hasRecurrentWeights),
      "StackedRecurrent: weight drop needs recurrent weights, and a \(Cell.self) names none in updateRecurrentWeights")
    require(
      !isBidirectional || !options.recomputes,
      "StackedRecurrent: layers of two directions cannot recompute, because both ends of a sequence would have to be first"
    )
    require(
      !isBidirectional
        || reverseCells.map(\.inputSize) == cells.map(\.inputSize)
          && reverseCells.map(\.hiddenSize) == cells.map(\.hiddenSize),
      "StackedRecurrent: the cells of the two directions differ in number or sizes")
    for (layer, above) in cells.dropFirst().enumerated() {
      let width = width(ofLayer: layer)
      require(
        width == above.inputSize,
        "StackedRecurrent: a cell of input size \(above.inputSize) stands above a layer of output size \(width)")
    }
    require(
      !options.residual || cells.indices.contains(where: addsInput),
      "StackedRecurrent: residual connections lead around layers above the first whose output is as wide as their input, "
        + "and there is none; leave them out or add such a layer")
  }
}
