import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import TensorCore
import Testing

/// A locally connected layer or a convolution along a line.
private struct Geometry: CustomTestStringConvertible, Sendable {
  let length, channels, filters, window, stride, padding: Int
  var testDescription: String { "\(length)x\(channels) to \(filters), window \(window)/\(stride)+\(padding)" }
  var positions: Int { (length + 2 * padding - window) / stride + 1 }
  var line: Neighbourhoods { .line(length, window: window, stride: stride, padding: .zeros(padding)) }

  static let all: [Geometry] = [
    Geometry(length: 9, channels: 1, filters: 1, window: 9, stride: 1, padding: 0),
    Geometry(length: 12, channels: 1, filters: 3, window: 9, stride: 1, padding: 4),
    Geometry(length: 7, channels: 2, filters: 1, window: 3, stride: 2, padding: 0),
    Geometry(length: 8, channels: 3, filters: 2, window: 4, stride: 3, padding: 2),
    Geometry(length: 1, channels: 1, filters: 2, window: 3, stride: 1, padding: 1),
  ]

  /// The sum that defines output (position, filter): weights(position, filter, channel, offset) times inputs, zeros outside.
  func expected(
    _ x: Tensor<Double>, weights: (Int, Int, Int, Int) -> Double, bias: (Int, Int) -> Double
  ) -> Tensor<Double> {
    let batch = x.shape[0]
    var scalars: [Double] = []
    for b in 0..<batch {
      for position in 0..<positions {
        for filter in 0..<filters {
          var sum = bias(position, filter)
          for channel in 0..<channels {
            for offset in 0..<window {
              let source = position * stride - padding + offset
              if source >= 0 && source < length {
                sum += weights(position, filter, channel, offset) * x[b, source, channel]
              }
            }
          }
          scalars.append(sum)
        }
      }
    }
    return Tensor(scalars, shape: [batch, positions, filters])
  }
}

@Suite struct NeighbourhoodTests {
  @Test(arguments: Geometry.all)
  fileprivate func everyUnitSumsOverItsOwnWindowWithItsOwnWeights(geometry: Geometry) {
    for (batch, threads) in [(1, 1), (5, 1), (5, 2)] {
      var random = RandomSource(seed: 3)
      var layer = LocallyConnected<Double>(geometry.line, channels: geometry.channels, filters: geometry.filters)
      layer.initialize(using: &random)
      layer.bias!.value = .normal(layer.bias!.shape, using: &random)
      let x = Tensor<Double>.normal([batch, geometry.length, geometry.channels], using: &random)
      var context = ForwardContext<Double>(workspace: Workspace(threads: threads))
      let (weight, bias) = (layer.weight.value, layer.bias!.value)
      let expected = geometry.expected(
        x, weights: { weight[$0 * geometry.filters + $1, $2 * geometry.window + $3] },
        bias: { bias[$0 * geometry.filters + $1] })
      expectClose(layer(Variable(x), in: &context).value, expected, "batch \(batch), seed 3")
      let flat = x.reshaped([batch, geometry.length * geometry.channels])
      expectClose(layer(Variable(flat), in: &context).value, expected, "flat, seed 3")
    }
  }

  @Test(arguments: Geometry.all)
  fileprivate func aConvolutionUsesTheSameWeightsAtEveryPlace(geometry: Geometry) {
    var random = RandomSource(seed: 4)
    var layer = Convolution1D<Double>(
      channels: geometry.channels, filters: geometry.filters, window: geometry.window, stride: geometry.stride,
      padding: .zeros(geometry.padding))
    layer.initialize(using: &random)
    layer.bias!.value = .normal(layer.bias!.shape, using: &random)
    let x = Tensor<Double>.normal([4, geometry.length, geometry.channels], using: &random)
    var context = ForwardContext<Double>()
    let (weight, bias) = (layer.weight.value, layer.bias!.value)
    let expected = geometry.expected(x, weights: { weight[$1, $2, $3] }, bias: { bias[$1] })
    expectClose(layer(Variable(x), in: &context).value, expected, "seed 4")
  }

  @Test(arguments: Geometry.all)
  fileprivate func gradientsAreNumericOnes(geometry: Geometry) {
    var random = RandomSource(seed: 5)
    let input = [
      (name: "input", value: Tensor<Double>.normal([3, geometry.length, geometry.channels], using: &random))
    ]
    let target = Variable(Tensor<Double>.normal([3, geometry.positions, geometry.filters], using: &random))
    var local = LocallyConnected<Double>(
      geometry.line, channels: geometry.channels, filters: geometry.filters, activation: .tanh)
    local.initialize(using: &random)
    expectPassing(
      GradientCheck.compare(local, inputs: input) { meanSquaredError($0($1[0], in: &$2), target) })
    var shared = Convolution1D<Double>(
      channels: geometry.channels, filters: geometry.filters, window: geometry.window, stride: geometry.stride,
      padding: .zeros(geometry.padding), activation: .tanh)
    shared.initialize(using: &random)
    expectPassing(
      GradientCheck.compare(shared, inputs: input) { meanSquaredError($0($1[0], in: &$2), target) })
  }

  @Test func onAGridAUnitSeesNineInputs() {
    var random = RandomSource(seed: 6)
    for (stride, padding) in [(1, 0), (1, 1), (2, 1), (3, 0)] {
      let (rows, columns) = (4, 5)
      let grid = Neighbourhoods.grid(rows: rows, columns: columns, stride: stride, padding: .zeros(padding))
      #expect(grid.inputsPerUnit == 9)
      var layer = LocallyConnected<Double>(grid)
      layer.initialize(using: &random)
      let x = Tensor<Double>.normal([2, rows, columns], using: &random)
      var context = ForwardContext<Double>()
      let output = layer(Variable(x), in: &context).value
      let (down, across) = ((rows + 2 * padding - 3) / stride + 1, (columns + 2 * padding - 3) / stride + 1)
      #expect(output.shape == [2, down * across, 1])
      for b in 0..<2 {
        for unit in 0..<down * across {
          var sum = 0.0
          for i in 0..<3 {
            for j in 0..<3 {
              let (row, column) = (unit / across * stride - padding + i, unit % across * stride - padding + j)
              if (0..<rows).contains(row) && (0..<columns).contains(column) {
                sum += layer.weight.value[unit, i * 3 + j] * x[b, row, column]
              }
            }
          }
          #expect(abs(output[b, unit, 0] - sum) < 1e-12, "stride \(stride), padding \(padding), seed 6")
        }
      }
    }
  }

  /// Reflected positions mirror the input at its edge; padding to the same size puts an odd zero after the end.
  @Test func windowsBeyondTheEdgesReadWhatThePaddingSays() {
    func windows(_ size: Int, _ window: Int, _ stride: Int, _ padding: EdgePadding) -> [[Double]] {
      let ones = Tensor<Double>.ones([1, 1, window])
      let input = Tensor<Double>((0..<size).map { pow(10, Double($0)) }, shape: [1, size, 1])
      var context = ForwardContext<Double>()
      return [
        Convolution1D(weight: ones, stride: stride, padding: padding)(Variable(input), in: &context).value.scalars
      ]
    }
    #expect(windows(3, 3, 1, .reflect(2)) == [[111, 21, 111, 120, 111]])
    #expect(windows(3, 3, 1, .reflect(1)) == [[21, 111, 120]])
    #expect(windows(3, 2, 1, .same) == [[11, 110, 100]])
    #expect(windows(4, 3, 2, .same) == [[111, 1100]])
    #expect(windows(5, 3, 2, .same) == [[11, 1110, 11000]])
    #expect(windows(4, 3, 1, .zeros(1)) == [[11, 111, 1110, 1100]])
  }

  @Test(arguments: [(3, 1, 0), (3, 2, 0), (5, 2, 1), (4, 3, 2)])
  func aSequenceThatIsTooShortForAWindowHasNoOutputs(window: Int, stride: Int, padding: Int) {
    let layer = Convolution1D<Double>(channels: 1, filters: 1, window: window, stride: stride, padding: .zeros(padding))
    for steps in 1..<12 {
      let room = steps + 2 * padding - window
      #expect(layer.outputSteps(of: steps) == (room < 0 ? nil : room / stride + 1))
      #expect(Sequential<Double> { [layer] }.outputSteps(of: steps) == layer.outputSteps(of: steps))
    }
  }

  @Test func theyConform() {
    var random = RandomSource(seed: 7)
    let x = Variable(Tensor<Double>.normal([3, 6, 2], using: &random))
    var local = LocallyConnected<Double>(.line(6, window: 3, padding: 1), channels: 2, filters: 2)
    local.initialize(using: &random)
    expectConformance(local, parameterCount: 6 * 2 * 6 + 12, names: ["weight", "bias"]) {
      $0(x, in: &$1).squared().sum()
    }
    var shared = Convolution1D<Double>(channels: 2, filters: 3, window: 3)
    shared.initialize(using: &random)
    expectConformance(shared, parameterCount: 21, names: ["weight", "bias"]) { $0(x, in: &$1).squared().sum() }
  }

  /// A convolution over a grid of one row is one along a line; over one column as well.
  @Test(arguments: [EdgePadding.valid, .same])
  func aGridOfOneRowOrColumnIsALine(padding: EdgePadding) {
    var random = RandomSource(seed: 8)
    let line = Convolution1D<Double>(channels: 2, filters: 3, window: 3, stride: 2, padding: padding).drawn(
      using: &random)
    let x = Tensor<Double>.normal([4, 7, 2], using: &random)
    var context = ForwardContext<Double>()
    let expected = line(Variable(x), in: &context).value
    let weight = line.weight.value
    let row = Convolution2D(weight: weight.reshaped([3, 2, 1, 3]), stride: (1, 2), padding: padding)
    let column = Convolution2D(weight: weight.reshaped([3, 2, 3, 1]), stride: (2, 1), padding: padding)
    let asRow = row(Variable(x.reshaped([4, 1, 7, 2])), in: &context).value
    let asColumn = column(Variable(x.reshaped([4, 7, 1, 2])), in: &context).value
    #expect(asRow.shape.dimensions == [4, 1] + expected.shape.dimensions[1...])
    #expect(asRow.scalars == expected.scalars && asColumn.scalars == expected.scalars)
  }

  @Test func aLayerThatDoesNotFitItsInputNamesBothShapes() async {
    let local = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      var random = RandomSource(seed: 7)
      var layer = LocallyConnected<Double>(.line(6, window: 3))
      layer.initialize(using: &random)
      _ = layer(Variable(.zeros([2, 7])), in: &context)
    }
    expectMessage("LocallyConnected: shapes [2, 7] and [6, 1] do not fit; the input must be [batch, 6, 1]", from: local)
    let window = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Neighbourhoods.line(6, window: 9, padding: 1)
    }
    expectMessage("a window of 9 at stride 1 does not fit 6 positions with 1 of padding on either side", from: window)
  }
}
