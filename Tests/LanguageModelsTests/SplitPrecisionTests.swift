import Autograd
import CharrnnTestSupport
import LanguageModels
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct SplitPrecisionTests {
  /// Gradients of the mean loss, by parameter.
  private func gradients<Scalar: TensorScalar>(
    of model: CharacterModel<Scalar>, products: ProductFormat
  ) -> [(name: String, gradient: Tensor<Scalar>)] {
    let model = model.bound()
    let count = 12 * 7
    let ids = (0..<count + 1).map { Int32($0 * $0 % 5) }
    let tape = Tape<Scalar>()
    var context = ForwardContext(tape: tape, mode: .inference, workspace: Workspace(products: products))
    let tokens = TokenGrid(ids: Array(ids.dropLast()), time: 12, batch: 7)
    let (logits, _) = model(tokens, in: &context)
    let loss = softmaxCrossEntropy(logits, targets: Array(ids.dropFirst()), in: context)
    let gradients = loss.gradients()
    return model.parameters.map { ($0, gradients[$1]!) }
  }

  private func doubled(_ tensor: Tensor<Float>) -> Tensor<Double> {
    Tensor(tensor.scalars.map(Double.init), shape: tensor.shape)
  }

  /// Single precision comes within 3e-7, bfloat16 within 2e-2.
  @Test(arguments: [0, 9])
  func gradientsAreThoseOfDoublePrecisionWithin3e5(embedding: Int) {
    var random = RandomSource(seed: 7)
    let shape = ModelShape(Architecture(hidden: 40, embedding: embedding), vocabulary: 5)
    let model = CharacterModel<Float>(shape).drawn(using: &random)
    var exact = CharacterModel<Double>(shape)
    var values = model.parameters.map { doubled($1.value) }[...]
    exact.updateParameters { parameter, _ in parameter.value = values.removeFirst() }
    for (split, expected) in zip(
      gradients(of: model, products: .splitBFloat16), gradients(of: exact, products: .full))
    {
      let error = (doubled(split.gradient) - expected.gradient).absolute().max().scalar
      let size = expected.gradient.absolute().max().scalar
      #expect(error <= 3e-5 * size, "\(split.name): \(error / size)")
    }
  }
}
