import CharrnnTestSupport
import TensorCore
import Testing

/// Every operation of tensors gives on a device what it gives on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceOperationTests {
  /// Sizes around the 64 items of a work group and the 32 elements of a tile.
  static let sizes = [0, 1, 2, 31, 32, 33, 63, 64, 65, 130]

  @Test func elementwiseOperations() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for count in Self.sizes {
        let (x, y) = (sample([count], of: type), sample([count], seed: 2, of: type))
        try expectSame("unary, \(count)", x) { x in
          let x = x[0]
          return [
            -x, x.absolute(), x.squared(), x.absolute().squareRoot(), x.exp(), (x + 3).log(), (x + 3).log1p(), x.sign(),
            (x + 3).reciprocal(), x + 2, 2 - x, x * 3, 3 / (x + 3),
          ]
        }
        try expectSame("binary, \(count)", x, y) { operands in
          let (x, y) = (operands[0], operands[1])
          var (sum, product, scaled) = (x, x, x)
          sum += y
          product *= y
          scaled.addScaled(0.5, y)
          return [
            x + y, x - y, x * y, x / (y + 3), .maximum(x, y), .minimum(x, y), .weighed(x, by: y), sum, product, scaled,
          ]
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func broadcastingOperations() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let shapes = [
        [], [1], [5], [3, 1], [3, 5], [1, 5], [2, 1, 5], [2, 3, 1], [2, 3, 5], [4, 1, 3, 1], [1, 2, 1, 5],
      ]
      for (first, a) in shapes.enumerated() {
        for b in shapes[first...] where TensorShape(a).broadcast(with: TensorShape(b)) != nil {
          let shape = TensorShape(a).broadcast(with: TensorShape(b))!
          try expectSame("\(a) and \(b)", sample(a, of: type), sample(b, seed: 2, of: type)) {
            [$0[0] + $0[1], $0[1] - $0[0], $0[0].broadcast(to: shape), ($0[0] + $0[1]).sum(to: TensorShape(a))]
          }
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func activations() throws {
    let functions: [ActivationFunction] = [
      .binaryStep, .sigmoid, .tanh, .relu, .leakyReLU(slope: 0.1), .elu(alpha: 1.3), .gelu, .silu, .softplus,
      .hardSigmoid,
    ]
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let x = Tensor<Scalar>((-60...60).map { Scalar($0) / 8 } + [-80, 80, .infinity, -.infinity, .nan], shape: [126])
      for function in functions {
        try expectSame("\(function)", x, sample([126], of: type)) { operands in
          let y = function(operands[0])
          return [y, function.gradient(kept: function.keepsOutput ? y : operands[0], upstream: operands[1])]
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// The slope of what is saturated is 0, as on the host: with large weights a little more grows from step to step.
  @Test func saturatedUnitsHaveNoSlope() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, _ arguments: [Double]) throws {
      let x = Tensor(arguments.map { Scalar($0) }, shape: [arguments.count])
      let there = try x.on(.openCL(#require(testDevice)))
      for function in [ActivationFunction.tanh, .sigmoid] {
        let y = function(there)
        #expect(try y.on(.cpu).scalars.allSatisfy { $0 == 1 }, "\(function) of \(type)")
        let slope = function.gradient(kept: y, upstream: .ones(like: y))
        #expect(try slope.on(.cpu).scalars.allSatisfy { $0 == 0 }, "\(function) of \(type)")
      }
    }
    try check(Float.self, [18, 20, 1e5, 3e38])
    try check(Double.self, [38, 40, 1e5, 1e300])
    let edges = stride(from: 8.9, to: 9.2, by: 0.001).map { Float($0) }
    try expectSame("the last that are not 1", Tensor(edges, shape: [edges.count])) { [ActivationFunction.tanh($0[0])] }
  }

  @Test func reductions() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for rows in [1, 3, 65] {
        for columns in Self.sizes where columns > 0 {
          try expectSame("[\(rows), \(columns)]", sample([rows, columns], of: type)) {
            let x = $0[0]
            return [
              x.sum(), x.mean(), x.sum(axis: 0), x.sum(axis: 1, keepingAxis: true), x.mean(axis: -1), x.max(), x.min(),
              x.max(axis: 0), x.max(axis: 1), x.min(axis: 1), x.softmax(), x.logSoftmax(),
              x.reshaped([rows, 1, columns]).sum(axis: 1),
            ]
          }
        }
      }
      let device = Device.openCL(try #require(testDevice))
      let x = sample([7, 9], of: type)
      let difference = abs(try x.on(device).sumOfSquares() - x.sumOfSquares())
      #expect(difference <= Scalar.deviceTolerance * x.sumOfSquares())
      var broken = x
      broken[3, 4] = .nan
      #expect(try x.on(device).allFinite)
      #expect(try broken.on(device).firstNonFinite == 31)
    }
    try check(Float.self)
    try check(Double.self)
    try OpenCLDevice.$avoidsDoubles.withValue(true) { try check(Float.self) }
  }

  @Test func arrangements() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for shape in [[2, 3, 4], [1, 65, 2], [5, 1, 33], [3, 0, 2]] {
        try expectSame("\(shape)", sample(shape, of: type), sample(shape, seed: 2, of: type)) { operands in
          let (x, y) = (operands[0], operands[1])
          return [
            x.permuted([2, 0, 1]), x.permuted([1, 0, 2]), x.transposed(), x.reshaped([-1, shape[2]]).transposed(),
            x.rows(0..<1), x.row(shape[0] - 1), x.slice(axis: 2, 1..<2), x.slice(axis: 1, 0..<min(1, shape[1])),
            .concatenate([x, y]), .concatenate([x, y, x], axis: 1), .concatenate([x, y], axis: 2), .stack([x, y]),
            x.rows([0, shape[0] - 1, 0]), x.padded(to: [shape[0], shape[1], shape[2] + 3], axis: 2, at: 1),
            x.choosingRows((0..<shape[0]).map { $0 % 2 == 0 }, else: y),
            x.choosingRows((0..<shape[0]).map { $0 % 2 == 1 }), .padded([x, x.rows(0..<1)], to: shape[0] + 1),
          ]
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  @Test func gatheringAndScattering() throws {
    let team = ThreadTeam(threads: 1)
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for columns in [1, 33, 64] {
        let indices: [Int32] = [3, 0, 3, 6, 1, 3, 0]
        try expectSame("\(columns) columns", sample([7, columns], of: type), sample([7, columns], seed: 2, of: type)) {
          var table = $0[0]
          table.scatterAddRows(indices, $0[1])
          let chosen = (0..<columns + 2).map { Int32(($0 * 5) % (columns + 1)) - 1 }
          let gathered = $0[0].gatherColumns(chosen, team: team)
          return [
            $0[0].gatherRows(indices), table, gathered, gathered.scatterColumns(chosen, columns: columns, team: team),
          ]
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Long sums are divided between work groups.
  @Test func longSums() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for count in [2047, 4095, 4096, 10_000] {
        try expectSame("\(count)", sample([count], of: type)) { [$0[0].sum(), $0[0].squared().sum()] }
        let x = sample([count], of: type)
        let expected = x.sumOfSquares()
        let found = try x.on(.openCL(#require(testDevice))).sumOfSquares()
        #expect(abs(found - expected) <= Scalar.deviceTolerance * expected)
      }
      // On the host a float32 sum of thousands of rows is not exact to 1e-6 itself.
      for rows in [127, 128, 300] + (type == Double.self ? [9000] : []) {
        try expectSame("\(rows) rows", sample([rows, 5], of: type)) { [$0[0].sum(axis: 0)] }
      }
      let indices = (0..<400).map { $0 % 3 == 0 ? Int32(4) : Int32($0 % 5) }
      try expectSame("lists", sample([6, 5], of: type), sample([400, 5], seed: 2, of: type)) {
        var table = $0[0]
        table.scatterAddRows(indices, $0[1])
        return [table]
      }
    }
    try check(Float.self)
    try check(Double.self)
    try OpenCLDevice.$avoidsDoubles.withValue(true) { try check(Float.self) }
  }

  /// A sum that is infinite is no reason to say that an element is, and an infinite element makes one.
  @Test func sumsBeyondTheLargestNumber() throws {
    let device = Device.openCL(try #require(testDevice))
    let large = try Tensor<Float>([3e38, 3e38], shape: [2]).on(device)
    let infinite = try Tensor<Float>([1, .infinity, 2], shape: [3]).on(device)
    for avoidsDoubles in [false, true] {
      OpenCLDevice.$avoidsDoubles.withValue(avoidsDoubles) {
        #expect(firstNonFinite(of: [large, large]) == nil && large.allFinite)
        #expect(firstNonFinite(of: [large, infinite]) == 1)
        #expect(infinite.sum().forHost().scalar == .infinity)
        #expect(large.sum().forHost().scalar == .infinity)
      }
    }
  }

  /// The norm of tensors whose squares no number of single precision holds.
  @Test func normsBeyondTheRootOfTheLargestNumber() throws {
    let device = Device.openCL(try #require(testDevice))
    let x = try Tensor<Float>.full([5000], 1e20).on(device)
    let y = try Tensor<Float>.full([2], 3e-20).on(device)
    let loss = try Tensor<Float>.full([1], 0.5).on(device)
    let figures = Figures(of: [loss], sumsOfSquares: [x, y], team: nil)
    let short = Figures(of: [loss], sumsOfSquares: [y], team: nil)
    let read = Figures.read([figures, short, figures])
    #expect(read.map(\.count) == [3, 2, 3] && read[0] == read[2])
    #expect(read[0][0] == 0.5 && abs(read[0][1] / 5e43 - 1) < 1e-6 && abs(read[1][1] / 1.8e-39 - 1) < 1e-6)
    let factors = [figures, short].map { $0.clippingFactor(limit: 2)?.forHost().scalar.double ?? .nan }
    #expect(abs(factors[0] / (2 / (1e20 * 5000.squareRoot())) - 1) < 1e-6 && factors[1] == 1)
  }

  @Test func products() throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      let sizes = [1, 2, 31, 33, 70]
      for m in sizes {
        for n in sizes {
          for k in [0, 1, 15, 17, 40] {
            let (a, b) = (sample([m, k], of: type), sample([k, n], seed: 2, of: type))
            try expectSame("\(m) × \(k) × \(n)", a, b, a.transposed(), b.transposed()) {
              [
                $0[0].matmul($0[1]), $0[2].matmul($0[1], transposing: true),
                $0[0].matmul($0[3], transposingOther: true),
              ]
            }
          }
        }
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// What the host reads of a tensor, wherever it is.
  @Test func whatIsReadAtOnceIsCopied() throws {
    let x = sample([3, 4], of: Float.self)
    let there = try x.on(.openCL(#require(testDevice)))
    #expect("\(there)" == "\(x)")
    for axis in [0, 1] { #expect(there.argmax(axis: axis) == x.argmax(axis: axis)) }
  }

  /// A copy that is written to leaves the original as it is.
  @Test func copiesAreValues() throws {
    let device = Device.openCL(try #require(testDevice))
    let x = try sample([5, 7], of: Float.self).on(device)
    var y = x
    y += 1
    #expect(try (y.on(.cpu) - x.on(.cpu)).sum().scalar == 35)
    #expect(try x.on(.cpu) == sample([5, 7], of: Float.self))
  }

  @Test func theSameBitsEveryTime() throws {
    let device = Device.openCL(try #require(testDevice))
    let (a, b) = (sample([70, 300], of: Float.self), sample([300, 65], seed: 2, of: Float.self))
    func results() throws -> [Tensor<Float>] {
      let (a, b) = (try a.on(device), try b.on(device))
      let product = a.matmul(b)
      return try [product, product.softmax(), product.sum(), product.sum(axis: 0)].map { try $0.on(.cpu) }
    }
    let first = try results()
    for _ in 0..<3 { #expect(try results() == first) }
  }
}
