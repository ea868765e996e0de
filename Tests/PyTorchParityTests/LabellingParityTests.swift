import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// The fixture of `generate_labelling.py`, which describes each list.
private struct LabellingFixture: Decodable {
  struct CTC: Decodable {
    let shape: [Int]
    let logits, upstream: [Double]
    let lengths: [Int]?
    let labels: [[Int32]]
    let blank: Int32
    let reduction: String
    let zeroInfinity: Bool
    let values, gradient: [Double?]
  }
  struct Field: Decodable {
    let shape, lengths: [Int]
    let emissions: [Double]
    let tags: [[Int32]]
    let parameters: [String: [Double]]
    let reduction: String
    let value: Double
    let gradients: [String: [Double]]
    let best: [[Int32]]
  }
  let ctc: [CTC]
  let crf: [Field]

  static func read() throws -> LabellingFixture {
    try JSONDecoder().decode(LabellingFixture.self, from: Data(contentsOf: Repository.fixture("labelling.json")))
  }
}

/// Losses of sequences of labels, and their gradients, equal those of PyTorch and pytorch-crf.
@Suite struct LabellingParityTests {
  @Test func connectionistTemporalClassificationEqualsPyTorch() throws {
    for (number, reference) in try LabellingFixture.read().ctc.enumerated() {
      try check(reference, Double.self, relative: 1e-10, absolute: 1e-12, "case \(number)")
      try check(reference, Float.self, relative: 1e-5, absolute: 1e-5, "case \(number), Float")
    }
  }

  @Test func conditionalRandomFieldsEqualPytorchCRF() throws {
    for (number, reference) in try LabellingFixture.read().crf.enumerated() {
      try check(reference, Double.self, relative: 1e-10, absolute: 1e-12, "case \(number)")
      try check(reference, Float.self, relative: 1e-5, absolute: 1e-5, "case \(number), Float")
    }
  }

  private func check<Scalar: TensorScalar>(
    _ reference: LabellingFixture.CTC, _: Scalar.Type, relative: Double, absolute: Double, _ place: String
  ) throws {
    let reductions: [String: CTCReduction] = ["none": .none, "sum": .sum, "mean": .mean]
    let reduction = try #require(reductions[reference.reduction])
    let targets = try CTCTargets(reference.labels, classes: reference.shape[2], blank: reference.blank)
    let lengths = try reference.lengths.map { try SequenceLengths($0, time: reference.shape[0]) }
    let isZero = reference.zeroInfinity
    for isFused in [true, false] {
      let x = Tape<Scalar>().watch(tensor(reference.logits, reference.shape))
      let loss =
        isFused
        ? ctcLossFromLogits(x, targets: targets, lengths: lengths, reduction: reduction, zeroInfinity: isZero)
        : ctcLoss(x.logSoftmax(), targets: targets, lengths: lengths, reduction: reduction, zeroInfinity: isZero)
      expectEqual(loss.value, reference.values, relative, absolute, place)
      let gradient = loss.gradients(seed: tensor(reference.upstream, loss.shape.dimensions))[x]
      expectEqual(gradient, reference.gradient, relative, absolute, "gradient of \(place)")
    }
  }

  private func check<Scalar: TensorScalar>(
    _ reference: LabellingFixture.Field, _: Scalar.Type, relative: Double, absolute: Double, _ place: String
  ) throws {
    let reductions: [String: TaggingReduction] = ["sum": .sum, "mean": .mean, "token_mean": .tokenMean]
    let reduction = try #require(reductions[reference.reduction])
    let targets = try TagSequences(reference.tags, tagCount: reference.shape[2])
    var field = ConditionalRandomField<Scalar>(tagCount: reference.shape[2])
    field.updateParameters { parameter, name in
      parameter.value = tensor(reference.parameters[name] ?? [], parameter.shape.dimensions)
    }
    field = field.bound()
    let tape = Tape<Scalar>()
    var context = ForwardContext(tape: tape)
    let emissions = tape.watch(tensor(reference.emissions, reference.shape))
    let loss = field.loss(emissions, targets: targets, reduction: reduction, in: &context)
    expectEqual(loss.value, [reference.value], relative, absolute, place)
    let gradients = loss.gradients()
    let found = [("emissions", gradients[emissions])] + field.parameters.map { ($0.name, gradients[$0.parameter]) }
    #expect(Set(found.map(\.0)) == Set(reference.gradients.keys))
    for (name, gradient) in found {
      expectEqual(gradient, reference.gradients[name] ?? [], relative, absolute, "\(name) of \(place)")
    }
    #expect(try field.bestTags(emissions.value, lengths: targets.lengths).map(\.labels) == reference.best, "\(place)")
  }

  private func tensor<Scalar: TensorScalar>(_ values: [Double], _ shape: [Int]) -> Tensor<Scalar> {
    Tensor(values.map { Scalar($0) }, shape: TensorShape(shape))
  }

  /// Expects elements to be PyTorch's; where those are no finite numbers, neither are ours.
  private func expectEqual<Scalar: TensorScalar>(
    _ found: Tensor<Scalar>?, _ expected: [Double?], _ relative: Double, _ absolute: Double, _ place: String
  ) {
    #expect(found?.count == expected.count, "\(place)")
    for (index, (x, y)) in zip(found?.scalars ?? [], expected).enumerated() {
      let isEqual = y.map { abs(x.double - $0) <= absolute + relative * abs($0) } ?? !x.isFinite
      #expect(isEqual, "\(place), element \(index): \(x), PyTorch has \(y ?? .nan)")
    }
  }
}
