import TensorCore
import Testing

struct ShapeTests {
  /// The count is the product of the dimensions; an empty shape has one element.
  @Test func theCountIsTheProductOfTheDimensions() {
    for dimensions in everyShape(rank: 3, sizes: [0, 1, 2, 5]) {
      let shape = TensorShape(dimensions)
      #expect(shape.count == dimensions.reduce(1, *))
      #expect(shape.rank == dimensions.count)
      #expect(shape.description == "\(dimensions)")
    }
  }

  @Test func aNegativeAxisCountsFromTheLast() {
    let shape: TensorShape = [4, 5, 6]
    for axis in 0..<3 { #expect(shape[axis] == shape[axis - 3]) }
  }

  @Test func reshapingKeepsTheElementsInOrderAnd1StandsForWhatRemains() {
    let tensor = Tensor<Float>.arange(24)
    for dimensions in [[24], [2, 12], [2, 3, 4], [4, 1, 6], [1, 24, 1]] {
      let reshaped = tensor.reshaped(dimensions)
      #expect(reshaped.shape.dimensions == dimensions)
      #expect(reshaped.scalars == tensor.scalars)
      for axis in dimensions.indices {
        var open = dimensions
        open[axis] = -1
        #expect(tensor.reshaped(open).shape.dimensions == dimensions)
      }
    }
    #expect(Tensor<Float>.zeros([0, 3]).reshaped([-1, 3]).shape == [0, 3])
  }

  /// A subscript finds the element at its row-major position, for reading and writing.
  @Test func aSubscriptFindsTheElementAtItsRowMajorPosition() {
    var tensor = Tensor<Double>.zeros([2, 3, 4])
    for index in everyIndex(of: [2, 3, 4]) {
      tensor[index[0], index[1], index[2]] = Double(position(of: index, in: [2, 3, 4]))
    }
    #expect(tensor.scalars == Tensor<Double>.arange(24).scalars)
    #expect(tensor[1, 2, 3] == 23)
    #expect(Tensor<Double>(7).scalar == 7)
  }

  @Test func equalityComparesShapesAndElementsAndNaNIsNotEqualToItself() {
    let tensor = Tensor<Float>.sample([2, 3])
    #expect(tensor == tensor.displaced())
    #expect(tensor != tensor.reshaped([3, 2]))
    #expect(tensor != tensor + 1)
    #expect(Tensor<Float>(.nan) != Tensor<Float>(.nan))
  }
}
