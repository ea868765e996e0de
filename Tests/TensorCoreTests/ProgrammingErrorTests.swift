import TensorCore
import Testing

/// Misuses of operations, and the words that their messages must contain.
enum Mistake: String, CaseIterable, Codable, Sendable {
  case add, compoundMultiply, addScaled, broadcast, sumToShape, matmul, reshape, concatenate, stack, scatterRows
  case gatherIndex, rowIndex, oneHotIndex, rowRange, sliceRange, subscriptIndex, scalar, axis, emptyMaximum,
    negativeShape
  case scalarCount, permutation, packedProduct, viewCopy, viewProduct

  var named: [String] {
    switch self {
    case .add: ["+", "[2, 3]", "[4]"]
    case .compoundMultiply: ["*=", "[2, 3]", "[4]"]
    case .addScaled: ["addScaled", "[2, 3]", "[3]"]
    case .broadcast: ["broadcast", "[2, 3]", "[3]"]
    case .sumToShape: ["sum(to:)", "[2, 3]", "[5, 2, 3]"]
    case .matmul: ["matmul", "[2, 3]", "[4, 5]"]
    case .reshape: ["reshaped", "[2, 3]", "[4, 2]"]
    case .concatenate: ["concatenate", "[2, 3]", "[2, 4]", "axis 0"]
    case .stack: ["stack", "[2, 3]", "[3, 2]"]
    case .scatterRows: ["scatterAddRows", "[2, 3]", "[1, 3]"]
    case .gatherIndex: ["gatherRows", "index 7 (at position 1)", "[2, 3]"]
    case .rowIndex: ["rows", "index -1 (at position 1)", "[2, 3]"]
    case .oneHotIndex: ["oneHot", "index -1 (at position 0)", "5 classes"]
    case .rowRange: ["rows", "1..<3", "[2, 3]"]
    case .sliceRange: ["slice", "2..<4", "axis 1", "[2, 3]"]
    case .subscriptIndex: ["subscript", "[0, 3]", "[2, 3]"]
    case .scalar: ["scalar", "[2, 3]"]
    case .axis: ["axis 2", "[2, 3]"]
    case .emptyMaximum: ["max", "[0]"]
    case .negativeShape: ["[2, -3]"]
    case .scalarCount: ["1 scalars", "[2, 3]"]
    case .permutation: ["permuted", "[0, 0]", "[2, 3]"]
    case .packedProduct: ["matrix product", "[2, 3]", "[4, 5]"]
    case .viewCopy: ["copy", "[2, 3]", "[2, 2]"]
    case .viewProduct: ["matrix product", "[2, 3]", "[3, 5]"]
    }
  }

  func make() {
    var tensor = Tensor<Float>.ones([2, 3])
    switch self {
    case .add: _ = tensor + .ones([4])
    case .compoundMultiply: tensor *= .ones([4])
    case .addScaled: tensor.addScaled(1, .ones([3]))
    case .broadcast: _ = tensor.broadcast(to: [3])
    case .sumToShape: _ = tensor.sum(to: [5, 2, 3])
    case .matmul: _ = tensor.matmul(.ones([4, 5]))
    case .reshape: _ = tensor.reshaped([4, 2])
    case .concatenate: _ = Tensor.concatenate([tensor, .ones([2, 4])])
    case .stack: _ = Tensor.stack([tensor, .ones([3, 2])])
    case .scatterRows: tensor.scatterAddRows([0, 1], .ones([1, 3]))
    case .gatherIndex: _ = tensor.gatherRows([1, 7])
    case .rowIndex: _ = tensor.rows([1, -1])
    case .oneHotIndex: _ = Tensor<Float>.oneHot([-1], classes: 5)
    case .rowRange: _ = tensor.rows(1..<3)
    case .sliceRange: _ = tensor.slice(axis: 1, 2..<4)
    case .subscriptIndex: _ = tensor[0, 3]
    case .scalar: _ = tensor.scalar
    case .axis: _ = tensor.sum(axis: 2)
    case .emptyMaximum: _ = Tensor<Float>.zeros([0]).max()
    case .negativeShape: _ = TensorShape([2, -3])
    case .scalarCount: _ = Tensor<Float>([1], shape: [2, 3])
    case .permutation: _ = tensor.permuted([0, 0])
    case .packedProduct: _ = tensor.matmul(PackedMatrix(.ones([4, 5])))
    case .viewCopy: tensor.mutableMatrix().copy(from: tensor.matrix().columns(0..<2))
    case .viewProduct: tensor.mutableMatrix().setProduct(tensor.matrix(), PackedMatrix(.ones([3, 5])))
    }
  }
}

@Suite(.serialized)
struct ProgrammingErrorTests {
  /// A mistake stops the program with a message that names the operation and every shape.
  @Test(arguments: Mistake.allCases)
  func aMistakeStopsTheProgramWithAMessageThatNamesTheOperation(mistake: Mistake) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [mistake = mistake as Mistake] in mistake.make()
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    for part in mistake.named { #expect(message.contains(part), "\(part) is missing in: \(message.prefix(300))") }
  }
}
