import Autograd
import NeuralLayers
import TensorCheckpoints
import TensorCore

/// A type that tensors hold and files store.
public typealias StorableScalar = StoredValue & TensorScalar

extension CharacterModel where Scalar: StorableScalar {
  /// A model with the weights of a checkpoint.
  ///
  /// - Throws: `SafetensorsError` when a parameter is missing or has another shape.
  init(_ configuration: ModelConfiguration, from checkpoint: Checkpoint) throws(SafetensorsError) {
    self.init(configuration)
    var loader = ParameterLoader<Scalar>(checkpoint: checkpoint)
    try visitParameters(&loader)
  }
}

extension StoredTensor {
  init<Scalar: StorableScalar>(_ tensor: Tensor<Scalar>) {
    self.init(tensor.scalars, shape: tensor.shape.dimensions)
  }
}

extension Checkpoint {
  /// A tensor of the file; numbers stored in another precision are rounded.
  ///
  /// - Throws: `SafetensorsError` when it is missing or has another shape.
  func tensor<Scalar: StorableScalar>(_ name: String, shape: TensorShape) throws(SafetensorsError) -> Tensor<Scalar> {
    Tensor(try values(of: name, shape: shape.dimensions), shape: shape)
  }
}

private struct ParameterLoader<Scalar: StorableScalar>: ParameterVisitor {
  var path = ParameterPath()
  let checkpoint: Checkpoint

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) throws(SafetensorsError) {
    parameter.value = try checkpoint.tensor(name, shape: parameter.value.shape)
  }
}
