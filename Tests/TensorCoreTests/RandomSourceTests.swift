import Foundation
import TensorCore
import Testing

struct RandomSourceTests {
  @Test func philox43210GivesThePublishedKnownAnswers() {
    let zeros = RandomSource.philox(counter: (0, 0, 0, 0), key: (0, 0))
    #expect(zeros == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let all = UInt32.max
    let ones = RandomSource.philox(counter: (all, all, all, all), key: (all, all))
    #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let digitsOfPi = RandomSource.philox(
      counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
    #expect(digitsOfPi == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func aSourceStoredAtAnyPositionGoesOnAsIfItHadNotBeen() throws {
    var source = RandomSource(seed: 0xfeed_face_dead_beef)
    for drawn in 0..<20 {
      #expect(source.position == UInt64(drawn))
      var resumed = try JSONDecoder().decode(RandomSource.self, from: JSONEncoder().encode(source))
      var direct = RandomSource(seed: source.seed, position: source.position)
      var kept = source
      for _ in 0..<5 {
        let next = kept.next()
        #expect(resumed.next() == next && direct.next() == next)
      }
      _ = source.next()
    }
  }

  @Test func differentSeedsPositionsAndPurposesGiveDifferentNumbers() {
    var words: Set<UInt64> = []
    for seed in 0..<20 as Range<UInt64> {
      let source = RandomSource(seed: seed)
      for var stream in [source, source.substream(0), source.substream(1), source.substream(1 << 32)] {
        for _ in 0..<25 { words.insert(stream.next()) }
      }
    }
    #expect(words.count == 20 * 4 * 25)
    #expect(RandomSource(seed: 3).substream(7) == RandomSource(seed: 3).substream(7))
  }

  @Test func uniformNumbersHaveTheMomentsOfTheUniformDistribution() {
    let count = 20_000
    var source = RandomSource(seed: 11)
    let numbers = (0..<count).map { _ in source.uniform() }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard errors: the mean's is 1/√(12 n), that of the mean square √(4/45 n).
    #expect(abs(numbers.reduce(0, +) / Double(count) - 1 / 2) < 5 / (12 * Double(count)).squareRoot())
    let square = numbers.reduce(0) { $0 + $1 * $1 } / Double(count)
    #expect(abs(square - 1 / 3) < 5 * (4 / (45 * Double(count))).squareRoot())
  }

  @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    let count = 20_000
    var source = RandomSource(seed: 12)
    let numbers = (0..<count).map { _ in source.normal() }
    #expect(numbers.allSatisfy { $0.isFinite })
    // The moments 1 to 4 are 0, 1, 0, 3; their variances 1, 2, 15, 96, over n.
    for (power, (moment, variance)) in [(0.0, 1.0), (1, 2), (0, 15), (3, 96)].enumerated() {
      let mean = numbers.reduce(0) { $0 + Foundation.pow($1, Double(power + 1)) } / Double(count)
      #expect(abs(mean - moment) < 5 * (variance / Double(count)).squareRoot(), "moment \(power + 1)")
    }
  }

  /// Tensors draw in row-major order, and stay within a half-open range even where rounding would leave it.
  @Test func tensorsDrawInRowMajorOrder() {
    var (source, same) = (RandomSource(seed: 13), RandomSource(seed: 13))
    let uniform = Tensor<Double>.uniform([3, 5], in: -1..<3, using: &source)
    #expect(uniform.scalars == (0..<15).map { _ in -1 + 4 * same.uniform() })
    let normal = Tensor<Double>.normal([2, 4], mean: 5, standardDeviation: 2, using: &source)
    #expect(normal.scalars == (0..<8).map { _ in 5 + 2 * same.normal() })
    #expect(source == same)
    let narrow = (1 as Float)..<(1 as Float).nextUp
    #expect(Tensor<Float>.uniform([100], in: narrow, using: &source) == .ones([100]))
  }

  /// A permutation holds every number once, and every order is equally likely.
  @Test func aPermutationHoldsEveryNumberOnce() {
    var source = RandomSource(seed: 15)
    for count in [0, 1, 2, 10, 1000] { #expect(source.permutation(of: count).sorted() == Array(0..<count)) }
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[source.permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24)
    // Each is a binomial draw of mean 1000 and deviation 31.
    for (order, times) in counts { #expect(abs(times - 1000) < 5 * 31, "\(order)") }
  }

  /// Numbers below a bound are all equally likely, also where the bound is no power of two.
  @Test func numbersBelowABoundAreAllEquallyLikely() {
    var source = RandomSource(seed: 16)
    // Without rejection, bounds this large would give some numbers three of the 2⁶⁴ words and others two.
    for bound in [3, 12, 3 << 61] {
      let numbers = (0..<9000).map { _ in source.number(below: bound) }
      #expect(numbers.allSatisfy { (0..<bound).contains($0) })
      for third in 0..<3 {
        // Binomial draws of mean 3000 and deviation 45.
        #expect(abs(numbers.count { $0 % 3 == third } - 3000) < 5 * 45, "bound \(bound)")
        #expect(abs(numbers.count { $0 / (bound / 3) == third } - 3000) < 5 * 45, "bound \(bound)")
      }
    }
    #expect(source.number(below: 1) == 0)
  }

  @Test func aSeedMeansTheSamePermutationWithEveryToolchain() {
    var source = RandomSource(seed: 1)
    #expect(source.permutation(of: 12) == [2, 3, 7, 5, 0, 9, 8, 1, 4, 11, 6, 10])
  }

  /// A dropout mask keeps its share, scaled up, and does not depend on the number of threads.
  @Test func aDropoutMaskKeepsItsShareScaledUp() {
    let pool = BufferPool()
    let random = RandomSource(seed: 14)
    for probability in [0, 0.2, 0.5] {
      for count in [1, 3, 4, 5, 10_003] {
        let masks = (1...3).map {
          Tensor<Float>.dropoutMask(
            [count], probability: probability, random: random, team: ThreadTeam(threads: $0), pool: pool)
        }
        #expect(masks[1] == masks[0] && masks[2] == masks[0])
        let kept = Float(1 / (1 - probability))
        #expect(masks[0].scalars.allSatisfy { $0 == 0 || $0 == kept })
        let dropped = Double(masks[0].scalars.count { $0 == 0 })
        let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
        #expect(abs(dropped - Double(count) * probability) <= 5 * deviation)
      }
    }
  }
}
