import TensorCore
import Testing

struct CreationTests {
  @Test func aConstantTensorHoldsItsValueEverywhereForEveryCount() {
    for count in 0..<70 {
      #expect(Tensor<Float>.zeros([count]).scalars == Array(repeating: 0, count: count))
      #expect(Tensor<Double>.ones([count]).scalars == Array(repeating: 1, count: count))
      #expect(Tensor<Float>.full([count], 2.5).scalars == Array(repeating: 2.5, count: count))
    }
    #expect(Tensor<Float>.full([2], -0.0).scalars.allSatisfy { $0.sign == .minus })
  }

  @Test func aTensorLikeAnotherHasItsShape() {
    for dimensions in everyShape(rank: 2, sizes: [0, 1, 3]) {
      let tensor = Tensor<Double>.sample(dimensions)
      #expect(Tensor.zeros(like: tensor) == .zeros(tensor.shape))
      #expect(Tensor.ones(like: tensor) == .ones(tensor.shape))
      #expect(Tensor.full(like: tensor, 4) == .full(tensor.shape, 4))
    }
  }

  @Test func theIdentityLeavesEveryMatrixAsItIs() {
    for n in [1, 2, 5, 17] {
      let matrix = Tensor<Double>.sample([n, n])
      #expect(Tensor.identity(n).matmul(matrix) == matrix)
      #expect(matrix.matmul(.identity(n)) == matrix)
    }
  }

  @Test func oneHotRowsSelectRowsOfATable() {
    let table = Tensor<Float>.sample([5, 3])
    let indices: [Int32] = [4, 0, 0, 2]
    let oneHot = Tensor<Float>.oneHot(indices, classes: 5)
    #expect(oneHot.shape == [4, 5])
    #expect(oneHot.matmul(table) == table.gatherRows(indices))
    #expect(oneHot.argmax() == indices)
  }
}
