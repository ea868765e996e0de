import Autograd
import ModelTraining
import NeuralLayers
import TensorCheckpoints
import TensorCore
import Testing

extension LayerCase.Configuration {
  fileprivate var edgePadding: EdgePadding {
    switch edge {
    case "valid": .valid
    case "same": .same
    case "reflect": .reflect(padding!)
    default: .zeros(padding!)
    }
  }
}

/// Results of our layers on a case of PyTorch's, with its weights.
struct LayerRun<Scalar: TensorScalar & StoredValue> {
  /// By the fixture's names: `0/outputs`, `0/gradient/weight`, `1/after/running_mean`, …
  private(set) var results: [String: Tensor<Scalar>] = [:]
  private let reference: LayerCase
  private let device: Device

  init(_ reference: LayerCase, on device: Device = .cpu) throws {
    (self.reference, self.device) = (reference, device)
    let c = reference.configuration
    switch c.layer {
    case "linear": try run(Dense(c.inputs!, c.outputs!, bias: c.bias!))
    case "convolution":
      try run(
        Convolution1D(
          channels: c.channels!, filters: c.filters!, window: c.window!, stride: c.stride!, padding: .zeros(c.padding!),
          bias: c.bias!))
    case "convolution2D":
      try run(
        Convolution2D(
          channels: c.channels!, filters: c.filters!, window: (c.windows![0], c.windows![1]),
          stride: (c.strides![0], c.strides![1]), padding: c.edgePadding, bias: c.bias!))
    case "paddedConvolution":
      try run(
        Convolution1D(
          channels: c.channels!, filters: c.filters!, window: c.windows![0], stride: c.strides![0],
          padding: c.edgePadding, bias: c.bias!))
    case "locallyConnected":
      let neighbourhoods: Neighbourhoods =
        c.rows == 1
        ? .line(c.columns!, window: c.window!, stride: c.stride!, padding: .zeros(c.padding!))
        : .grid(rows: c.rows!, columns: c.columns!, window: c.window!, stride: c.stride!, padding: .zeros(c.padding!))
      try run(LocallyConnected(neighbourhoods, channels: c.channels!, filters: c.filters!, bias: c.bias!))
    case "layerNorm": try run(LayerNorm(c.features!, epsilon: c.epsilon!))
    case "batchNorm": try run(BatchNorm(c.features!, momentum: c.momentum!, epsilon: c.epsilon!))
    case "embedding":
      try run(Embedding(tokens: c.tokens!, features: c.features!)) {
        (nil, $0(reference.integers("\($1)/tokens")!, in: &$2))
      }
    case "network":
      try run(
        Sequential {
          Dense(c.inputs!, c.features!, bias: false)
          BatchNorm(c.features!)
          Activation(.gelu)
          Dropout(0)
          Dense(c.features!, c.outputs!)
        })
    case let other: fatalError("the fixture has a layer called \(other)")
    }
  }

  private mutating func run<L: Layer<Scalar>>(_ layer: L) throws {
    let (reference, device) = (reference, device)
    try run(layer) { layer, pass, context in
      let input = context.tape!.watch(try #require(reference.tensor("\(pass)/input")).on(device))
      guard reference.hasFeaturesFirst else { return (input, layer(input, in: &context)) }
      if reference.configuration.layer == "convolution2D" {
        return (input, layer(input.permuted([0, 2, 3, 1]), in: &context).permuted([0, 3, 1, 2]))
      }
      let places = input.reshaped([input.shape[0], input.shape[1], -1]).transposed()
      return (input, layer(places, in: &context).transposed())
    }
  }

  /// - Parameter forward: from the model and the number of a pass to the input, where it has a gradient, and the outputs.
  private mutating func run<Model: Module<Scalar>>(
    _ model: Model,
    forward: (Model, Int, inout ForwardContext<Scalar>) throws -> (input: Variable<Scalar>?, outputs: Variable<Scalar>)
  ) throws {
    let reference = reference
    var model = model.bound()
    model.updateParameters { parameter, name in parameter.value = reference.tensor(name)! }
    try model.move(to: device)
    var optimizer = reference.configuration.rate.map { Optimizer(.adam(learningRate: $0), for: model) }
    for pass in reference.configuration.passes.indices {
      let mode = reference.mode(of: pass)
      var context = ForwardContext(tape: Tape(), mode: mode, workspace: Workspace<Scalar>(device: device))
      let (input, outputs) = try forward(model, pass, &context)
      let loss: Variable<Scalar>
      if let targets = reference.integers("\(pass)/targets") {
        loss = softmaxCrossEntropy(outputs, targets: targets, in: context)
        results["\(pass)/loss"] = try loss.value.on(.cpu)
      } else {
        loss = (outputs * Variable(try #require(reference.tensor("\(pass)/seed")).on(device))).sum()
      }
      let gradients = loss.gradients()
      results["\(pass)/outputs"] = try outputs.value.on(.cpu)
      results["\(pass)/gradient/input"] = try input.flatMap { try gradients[$0]?.on(.cpu) }
      for (name, parameter) in model.trainedParameters {
        results["\(pass)/gradient/\(name)"] = try gradients[parameter]?.on(.cpu)
      }
      let before = try model.on(.cpu).parameters.map(\.parameter.value)
      if mode == .training { optimizer?.update(&model, with: gradients) }
      model.updateStatistics(from: context.statistics)
      for ((name, parameter), old) in zip(try model.on(.cpu).parameters, before) where parameter.value != old {
        results["\(pass)/after/\(name)"] = parameter.value
      }
    }
  }
}
