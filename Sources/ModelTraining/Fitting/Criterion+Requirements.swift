import Autograd
import NeuralLayers
import TabularData
import TensorCore

extension Criterion {
  /// Checks that the loss and the metrics are defined for the data's targets.
  ///
  /// - Throws: `FitError`; `DataError` for a token or a class that the model does not know.
  func requireFit(_ data: some SampleSet<Scalar>, of model: some Layer<Scalar>) throws {
    try data.requireTargets()
    if let tokens = model.inputTokens { try data.requireTokens(below: tokens) }
    try data.requireSteps { model.outputSteps(of: $0) != nil }
    let (name, targets) = (lossFunction.name, data.targets)
    let width = try outputWidth(of: model, for: data, targets)
    switch targets {
    case .classes:
      let asNumbers = lossFunction.readsClassesAsNumbers && width == 1
      if lossFunction.targetKind == .values && !asNumbers { throw FitError.lossNeedsValues(loss: name) }
      try data.requireClasses(below: asNumbers ? 2 : width)
      if asNumbers { break }
      if let metric = metrics.first(where: \.comparesNumbers) {
        throw FitError.metricNeedsValues(metric: metric.description)
      }
    case .values(let values):
      if lossFunction.targetKind == .classes { throw FitError.lossNeedsClasses(loss: name) }
      try requireDomain(values, of: data)
    }
    if lossFunction.decision == .largest && width < 2 { throw FitError.lossNeedsOutputs(loss: name) }
    if case .values(let values) = targets, lossFunction.decision == nil,
      let metric = metrics.first(where: { !$0.comparesNumbers }),
      !values.scalars.allSatisfy({ $0 == 0 || $0 == 1 || $0.isNaN })
    {
      throw FitError.metricNeedsAnswers(metric: metric.description)
    }
    let decision = lossFunction.decision ?? .usual(width: width)
    if decision != .largest, let metric = metrics.first(where: \.choosesAmongClasses) {
      throw FitError.metricNeedsClasses(metric: metric.description)
    }
  }

  /// Length of the last axis of the model's outputs, whose other axes are checked on the first sample.
  private func outputWidth(
    of model: some Layer<Scalar>, for data: some SampleSet<Scalar>, _ targets: Targets<Scalar>
  ) throws(FitError) -> Int {
    let sample = data.batch([0])
    var context = ForwardContext<Scalar>()
    let shape = model(Variable(sample.inputs), in: &context).shape
    require(
      shape.rank > 1 && shape[0] == 1,
      "a model that is fitted gives [samples, …, outputs]; for one sample it gave \(shape)")
    switch data.place(ofTarget: 0) {
    case .row: break
    case .sequence: if shape.rank > max(targets.rank, 2) { throw .outputsOfSteps(shape) }
    case .step:
      guard shape.rank == 3, shape[1] == sample.inputs.shape[1],
        (try? data.requireSteps({ model.outputSteps(of: $0) == $0 })) != nil
      else { throw .outputsOfSequences(shape) }
    }
    return shape[-1]
  }

  private func requireDomain(_ values: Tensor<Scalar>, of data: some SampleSet<Scalar>) throws(FitError) {
    let (scalars, domain) = (values.scalars, lossFunction.domain)
    func place(_ index: Int) -> SamplePlace { data.place(ofTarget: index / (scalars.count / values.shape[0])) }
    if !lossFunction.isElementwise, let index = scalars.firstIndex(where: \.isNaN) {
      throw .lossNeedsAllValues(loss: lossFunction.name, at: place(index))
    }
    if domain == .all { return }
    guard let index = scalars.firstIndex(where: { !$0.isNaN && !domain.contains($0.double) }) else { return }
    throw .targetOutsideDomain(
      loss: lossFunction.name, value: scalars[index].double, at: place(index), domain: domain)
  }
}

extension Targets {
  /// Axes of the targets; 1 of classes.
  fileprivate var rank: Int { if case .values(let values) = self { values.rank } else { 1 } }
}

extension Metric {
  fileprivate var choosesAmongClasses: Bool { if case .topKAccuracy = self { true } else { false } }
}
