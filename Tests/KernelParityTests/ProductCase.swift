import CSequenceKernels
import Foundation

let formats = [
  SKFormatFull, SKFormatBFloat16, SKFormatBFloat16Weights, SKFormatInt8Weights, SKFormatSplitBFloat16,
]

/// The products of one instruction set in one format.
struct ProductInstance {
  let name: String
  let set: String
  /// Columns of a panel.
  let width: Int
  let format: SKProductFormat
}

extension KernelScalar {
  /// The products in one format, of each instruction set that has it.
  static func products(_ format: SKFormat) -> [ProductInstance] {
    machineSets.compactMap { set in
      let (table, name) = (kernels(set)!, String(cString: sk_name(set)))
      guard let products = sk_format(table, format) else { return nil }
      return ProductInstance(
        name: "\(name) format \(format.rawValue)", set: name, width: Int(table.pointee.panel_width),
        format: products.pointee)
    }
  }
}

/// A product with the layouts of its operands: sizes, a reference, and how far from it rounding may lead.
struct ProductCase<S: KernelScalar> {
  let m: Int, n: Int, k: Int
  let layout: Int
  let a: [S], b: [S], c: [S]
  let transposedA: Bool, transposedB: Bool, accumulate: Bool
  let aStride: Int, bStride: Int, cStride: Int

  /// - Parameter exponents: binary exponents of the numbers; nil for numbers between −1 and 1.
  init(
    m: Int, n: Int, k: Int, layout: Int, exponents: ClosedRange<Double>? = nil, values: inout TestValues
  ) {
    (self.m, self.n, self.k, self.layout) = (m, n, k, layout)
    (transposedA, transposedB, accumulate) = (layout & 1 != 0, layout & 2 != 0, layout & 4 != 0)
    aStride = (transposedA ? m : k) + layout % 3
    bStride = (transposedB ? k : n) + layout % 2
    cStride = n + layout % 4
    func numbers(_ count: Int) -> [S] {
      let numbers: [S] = values.scalars(count)
      guard let exponents else { return numbers }
      let drawn: [Double] = values.scalars(count, in: exponents)
      return zip(numbers, drawn).map { $0 * S(scalbn(1, Int($1))) }
    }
    a = numbers((transposedA ? k : m) * aStride)
    b = numbers((transposedB ? n : k) * bStride)
    c = numbers(m * cStride)
  }

  /// This case with both operands stored transposed.
  init(turning other: ProductCase) {
    (m, n, k, c, layout) = (other.m, other.n, other.k, other.c, other.layout ^ 3)
    (accumulate, cStride) = (other.accumulate, other.cStride)
    (transposedA, transposedB) = (!other.transposedA, !other.transposedB)
    (aStride, bStride) = (transposedA ? m : k, transposedB ? k : n)
    var (a, b) = ([S](repeating: 0, count: m * k), [S](repeating: 0, count: k * n))
    for p in 0..<k {
      for i in 0..<m { a[transposedA ? p * m + i : i * k + p] = other.a(i, p) }
      for j in 0..<n { b[transposedB ? j * k + p : p * n + j] = other.b(p, j) }
    }
    (self.a, self.b) = (a, b)
  }

  func a(_ i: Int, _ p: Int) -> S { a[transposedA ? p * aStride + i : i * aStride + p] }
  func b(_ p: Int, _ j: Int) -> S { b[transposedB ? j * bStride + p : p * bStride + j] }

  func packed(_ instance: ProductInstance) -> [UInt8] {
    var packed = [UInt8](repeating: 0xff, count: Int(instance.format.packed_bytes(Int64(k), Int64(n))))
    instance.format.pack(
      Int64(k), Int64(n), b, transposedB ? 1 : Int64(bStride), transposedB ? Int64(bStride) : 1, &packed)
    return packed
  }

  func result(_ instance: ProductInstance) -> [S] {
    var out = c
    multiply(instance, packed(instance), rows: 0..<m, columns: 0..<n, into: &out)
    return out
  }

  /// The product added to rows of a table, by index or in order.
  func result(_ instance: ProductInstance, onto table: [S], tableStride: Int, indices: [Int32]?) -> [S] {
    var out = c
    let packed = packed(instance)
    table.withUnsafeBufferPointer { table in
      let rows = SKStart(rows: table.baseAddress!, row_stride: Int64(tableStride), indices: nil)
      guard let indices else { return multiply(instance, packed, rows: 0..<m, columns: 0..<n, onto: rows, into: &out) }
      indices.withUnsafeBufferPointer {
        let start = SKStart(rows: table.baseAddress!, row_stride: Int64(tableStride), indices: $0.baseAddress!)
        multiply(instance, packed, rows: 0..<m, columns: 0..<n, onto: start, into: &out)
      }
    }
    return out
  }

  /// Some rows and columns of C alone; the columns begin with a panel.
  func multiply(
    _ instance: ProductInstance, _ packed: [UInt8], rows: Range<Int>, columns: Range<Int>, onto start: SKStart? = nil,
    into c: inout [S]
  ) {
    let rowStride = transposedA ? 1 : aStride
    let offset = Int(instance.format.packed_bytes(Int64(k), Int64(columns.lowerBound)))
    c.withUnsafeMutableBufferPointer { c in
      a.withUnsafeBufferPointer { a in
        packed.withUnsafeBytes { packed in
          instance.format.product(
            Int64(rows.count), Int64(columns.count), Int64(k), a.baseAddress! + rows.lowerBound * rowStride,
            Int64(rowStride), transposedA ? Int64(aStride) : 1, packed.baseAddress! + offset,
            start ?? self.start(of: c.baseAddress! + rows.lowerBound * cStride + columns.lowerBound),
            c.baseAddress! + rows.lowerBound * cStride + columns.lowerBound, Int64(cStride))
        }
      }
    }
  }

  private func start(of c: UnsafeMutablePointer<S>) -> SKStart {
    accumulate ? SKStart(rows: c, row_stride: Int64(cStride), indices: nil) : SKStart()
  }

  /// C and, for each element, how far from it an order of summation may lead. What lies between the rows stays.
  func reference(_ format: SKFormat) -> (values: [Double], tolerances: [Double]) {
    if format == SKFormatInt8Weights { return integerReference() }
    let roundsA = format == SKFormatBFloat16
    let roundsB = roundsA || format == SKFormatBFloat16Weights
    var values = c.map(\.wide)
    var tolerances = [Double](repeating: 0, count: c.count)
    let columns = (0..<n).map { j in (0..<k).map { roundsB ? nearestBFloat16(b($0, j)) : b($0, j).wide } }
    for i in 0..<m {
      let row = (0..<k).map { roundsA ? nearestBFloat16(a(i, $0)) : a(i, $0).wide }
      for (j, column) in columns.enumerated() {
        let start = accumulate ? c[i * cStride + j].wide : 0
        let (sum, magnitude) = dotProduct(row, column, from: start)
        values[i * cStride + j] = sum
        let relative = Double(k + 2) * S.roundoff + (format == SKFormatSplitBFloat16 ? 0x1p-15 : 0)
        tolerances[i * cStride + j] = relative * magnitude
      }
    }
    return (values, tolerances)
  }

  /// The rows of A and the columns of B as 8-bit integers with a scale, their products added up exactly: the same bits
  /// everywhere.
  private func integerReference() -> (values: [Double], tolerances: [Double]) {
    let rows = (0..<m).map { i in quantized((0..<k).map { Float(a(i, $0)) }) }
    let columns = (0..<n).map { j in quantized((0..<k).map { Float(b($0, j)) }) }
    var values = c.map(\.wide)
    for i in 0..<m {
      for j in 0..<n {
        // Sums of integers far below 2⁵³: exact.
        let total = dotProduct(rows[i].integers, columns[j].integers, from: 0).sum
        let product = Float(total) * (rows[i].scale * columns[j].scale)
        values[i * cStride + j] = Double(accumulate ? Float(c[i * cStride + j]) + product : product)
      }
    }
    return (values, [Double](repeating: 0, count: c.count))
  }
}

private func dotProduct(_ x: [Double], _ y: [Double], from start: Double) -> (sum: Double, magnitude: Double) {
  x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      var (sum, magnitude, i) = (start, abs(start), 0)
      while i < x.count {
        sum += x[i] * y[i]
        magnitude += abs(x[i] * y[i])
        i += 1
      }
      return (sum, magnitude)
    }
  }
}

/// To the nearest number with 8 significant bits, ties to even.
func nearestBFloat16<S: KernelScalar>(_ x: S) -> Double {
  let bits = Float(x).bitPattern
  return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
}

/// The scale is the largest magnitude over 127.
private func quantized(_ x: [Float]) -> (integers: [Double], scale: Float) {
  let largest = x.map(abs).max() ?? 0
  let inverse: Float = largest > 0 ? 127 / largest : 0
  return (x.map { Double(($0 * inverse).rounded(.toNearestOrEven)) }, largest / 127)
}
