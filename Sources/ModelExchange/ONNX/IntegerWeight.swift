import TensorCheckpoints

/// A weight [outputs, inputs] in the integers that `ProductFormat.int8Weights` multiplies by: those of an output are, between
/// −127 and 127, multiples of a scale that is its largest magnitude over 127.
struct IntegerWeight {
  /// Added to each integer, so that it fits an unsigned byte.
  static let zeroPoint: UInt8 = 128

  /// The integers plus the zero point, [inputs, outputs].
  let integers: StoredTensor
  /// [1, outputs].
  let scales: StoredTensor

  init(_ weight: [Float], outputs: Int) {
    let inputs = weight.count / outputs
    var integers = [UInt8](repeating: 0, count: weight.count)
    var scales: [Float] = []
    for output in 0..<outputs {
      let row = weight[output * inputs..<(output + 1) * inputs]
      let largest = row.reduce(0) { $0 < $1.magnitude || $1.isNaN ? $1.magnitude : $0 }
      let inverse = 0 < largest ? 127 / largest : 0
      scales.append(largest / 127)
      for (input, value) in row.enumerated() {
        // The nearest integer, ties to even, is in the low bits of a sum with 1.5 · 2²³: no number traps, NaN neither.
        let bits = (value * inverse + 0x1.8p23).bitPattern
        integers[input * outputs + output] = UInt8(truncatingIfNeeded: bits) &+ Self.zeroPoint
      }
    }
    self.integers = StoredTensor(integers, shape: [inputs, outputs])
    self.scales = StoredTensor(scales, shape: [1, outputs])
  }
}
