import TensorCore
import Testing

private let sizes = [1, 2, 3, 5, 8, 13, 16, 17, 31, 33, 65]

/// Three loops.
private func product<Scalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
  let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
  let (x, y) = (a.scalars.map { Double($0) }, b.scalars.map { Double($0) })
  var result = [Double](repeating: 0, count: m * n)
  for i in 0..<m {
    for p in 0..<k {
      for j in 0..<n { result[i * n + j] += x[i * k + p] * y[p * n + j] }
    }
  }
  return Tensor(result.map { Scalar($0) }, shape: [m, n])
}

/// Sizes in every combination, thinned out so that a debug build stays quick.
private let combinations: [(m: Int, n: Int, k: Int)] =
  sizes.flatMap { m in
    sizes.flatMap { n in sizes.map { (m, n, $0) } }
  }.enumerated().filter { $0.offset % 7 == 0 }.map(\.element) + [(0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 70, 129)]

struct MatMulTests {
  /// Products of matrices and of their transposes equal three loops; a team gives the same bits.
  @Test func productsOfMatricesAndOfTheirTransposesEqualThreeLoops() {
    func check<Scalar: TensorScalar>(_: Scalar.Type) {
      let teams = [1, 2, 3].map { ThreadTeam(threads: $0) }
      for (m, n, k) in combinations {
        let a = Tensor<Scalar>.sample([m, k], seed: 1)
        let b = Tensor<Scalar>.sample([k, n], seed: 2)
        let (aTransposed, bTransposed) = (a.transposed(), b.transposed())
        let expected = product(a, b)
        for (transposing, transposingOther) in [(false, false), (false, true), (true, false), (true, true)] {
          let (x, y) = (transposing ? aTransposed : a, transposingOther ? bTransposed : b)
          let alone = x.matmul(y, transposing: transposing, transposingOther: transposingOther)
          #expect(alone.distance(to: expected) <= Scalar.tolerance * Double(k + 1), "\(m)×\(k) by \(k)×\(n)")
          for team in teams {
            let shared = x.matmul(y, transposing: transposing, transposingOther: transposingOther, team: team)
            #expect(shared == alone, "\(m)×\(k) by \(k)×\(n), \(team.count) threads")
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func aPackedMatrixMultipliesTheRowsOfAnyLeadingAxes() {
    let weights = PackedMatrix(Tensor<Float>.sample([9, 4], seed: 3), transposed: true)
    #expect(weights.shape == [4, 9])
    let input = Tensor<Float>.sample([2, 5, 4], seed: 4)
    let result = input.matmul(weights)
    #expect(result.shape == [2, 5, 9])
    #expect(result.reshaped([10, 9]) == input.reshaped([10, 4]).matmul(weights))
  }

  @Test func anOperandThatIsAViewOfRowsIsReadFromWhereItLies() {
    let (a, b) = (Tensor<Double>.sample([9, 5], seed: 5), Tensor<Double>.sample([5, 7], seed: 6))
    #expect(a.rows(2..<6).matmul(b.displaced()) == a.matmul(b).rows(2..<6))
  }
}
