import Foundation
import LanguageModels
import TensorCore
import Testing

@Suite struct SamplingOptionsTests {
  /// The probability of each index, worked out step by step.
  private func probabilities(_ logits: [Double], _ options: SamplingOptions, allowed: [Bool]?) -> [Double] {
    var indices = logits.indices.filter { allowed?[$0] ?? true }
    indices.sort { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
    if options.temperature == 0 { indices = Array(indices.prefix(1)) }
    let temperature = options.temperature == 0 ? 1 : options.temperature
    func softmax(_ kept: [Int]) -> [Double] {
      let weights = kept.map { exp((logits[$0] - logits[indices[0]]) / temperature) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    if let topK = options.topK { indices = Array(indices.prefix(topK)) }
    if let topP = options.topP {
      // The shortest prefix that reaches the probability.
      let each = softmax(indices)
      let enough = (1...indices.count).first { each.prefix($0).reduce(0, +) >= topP - 1e-12 } ?? indices.count
      indices = Array(indices.prefix(enough))
    }
    if let minP = options.minP {
      indices = indices.filter { exp((logits[$0] - logits[indices[0]]) / temperature) >= minP }
    }
    var result = [Double](repeating: 0, count: logits.count)
    for (index, probability) in zip(indices, softmax(indices)) { result[index] = probability }
    return result
  }

  private func choice(
    _ options: SamplingOptions, from logits: [Double], allowed: [Bool]? = nil, uniform: Double
  ) -> Int {
    var room = SamplingRoom()
    return options.choose(from: logits, in: &room, allowed: allowed, uniform: uniform)
  }

  private static let options: [SamplingOptions] = {
    var all: [SamplingOptions] = []
    for temperature in [0, 0.3, 1, 3] {
      for topK in [nil, 1, 3, 100] {
        for topP in [nil, 0.35, 0.8, 1] {
          for minP in [nil, 0, 0.2, 1] {
            all.append(SamplingOptions(temperature: temperature, topK: topK, topP: topP, minP: minP))
          }
        }
      }
    }
    return all
  }()

  @Test func eachIndexIsDrawnForItsShareOfTheUnitInterval() {
    var random = RandomSource(seed: 11)
    let draws = 400
    for options in Self.options {
      let logits = (0..<7).map { _ in 2 * random.normal() }
      for allowed in [nil, [false, true, true, false, true, false, true]] as [[Bool]?] {
        var counts = [Double](repeating: 0, count: logits.count)
        for draw in 0..<draws {
          let uniform = (Double(draw) + 0.5) / Double(draws)
          counts[choice(options, from: logits, allowed: allowed, uniform: uniform)] += 1
        }
        for (count, expected) in zip(counts, probabilities(logits, options, allowed: allowed)) {
          #expect(abs(count - expected * Double(draws)) <= 1.001, "\(options) \(logits)")
          if expected == 0 { #expect(count == 0) }
        }
      }
    }
  }

  /// The choice is that of weights in double precision, also for a number beside the border of two indices.
  @Test(arguments: [(2, 1.0), (300, 0.5), (300, 1e-3), (2000, 1), (2000, 30)])
  func theChoiceIsThatOfDoublePrecision(count: Int, temperature: Double) {
    var random = RandomSource(seed: 5)
    let logits = (0..<count).map { _ in Double(Float(4 * random.normal())) }
    var weights = logits
    weights.becomeWeights(largest: logits.max()!, temperature: temperature)
    let total = weights.reduce(0, +)
    var room = SamplingRoom()
    for _ in 0..<200 {
      let border = weights[0..<Int(random.uniform() * Double(count))].reduce(0, +) / total
      for distance in [0, 1e-15, 1e-9, 1e-7, 1e-6, 1e-5, 1e-3] {
        for uniform in [border - distance, border + distance] where (0..<1).contains(uniform) {
          let choice = SamplingOptions(temperature: temperature).choose(from: logits, in: &room, uniform: uniform)
          #expect(choice == weights.index(at: uniform), "\(uniform)")
        }
      }
    }
  }

  /// Temperature 0 takes the likeliest, of equals the first, whatever is drawn.
  @Test func temperature0TakesTheLikeliestOfEqualsTheFirst() {
    let options = SamplingOptions(temperature: 0)
    for uniform in [0, 0.5, 1.0.nextDown] {
      #expect(choice(options, from: [1, 3, 2, 3], uniform: uniform) == 1)
      #expect(choice(options, from: [1, 3, 2, 3], allowed: [true, false, true, true], uniform: uniform) == 3)
    }
  }

  @Test(arguments: [0, 1, 7, 50, 400, 1000])
  func theLikeliestAreTheFirstOfAll(count: Int) {
    var random = RandomSource(seed: 3)
    // With many equals.
    let scores = (0..<400).map { _ in (3 * random.normal()).rounded() }
    let sorted = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    #expect(SamplingOptions.likeliest(count, of: scores) == Array(sorted.prefix(count)))
  }

  @Test func onlyWhatIsAllowedIsChosenAlsoByLogitsThatAreNoNumbers() {
    let allowed = [false, false, true, false]
    let infinity = Double.infinity
    let rows: [[Double]] = [
      [5, 4, -300, 3], [.nan, .nan, .nan, .nan], [infinity, 1, -infinity, 2], [0, 0, infinity, 0],
    ]
    for logits in rows {
      for temperature in [0.0, 1e-300, 1, 1e300] {
        for uniform in [0.0, 0.5, 1.0.nextDown] {
          let options = SamplingOptions(temperature: temperature, topK: 2, topP: 0.9, minP: 0.1)
          #expect(choice(options, from: logits, allowed: allowed, uniform: uniform) == 2)
        }
      }
    }
  }

  /// Logits of one's own are drawn from as a model's: the share of each index is its probability.
  @Test func ownLogitsAreDrawnByTheirProbabilities() {
    let logits: [Float] = [0, 1, -1, 2]
    let total = logits.reduce(0) { $0 + exp(Double($1)) }
    func shares(_ options: SamplingOptions, allowed: [Bool]? = nil) -> [Double] {
      var random = RandomSource(seed: 3)
      var counts = [0.0, 0, 0, 0]
      for _ in 0..<20_000 { counts[options.choose(from: logits, allowed: allowed, using: &random)] += 1 }
      return counts.map { $0 / 20_000 }
    }
    for (share, logit) in zip(shares(SamplingOptions()), logits) {
      #expect(abs(share - exp(Double(logit)) / total) < 0.015)
    }
    #expect(shares(SamplingOptions(temperature: 0)) == [0, 0, 0, 1])
    #expect(shares(SamplingOptions(temperature: 0), allowed: [true, true, false, false]) == [0, 1, 0, 0])
    let two = shares(SamplingOptions(topK: 2))
    #expect(two[0] == 0 && two[2] == 0 && abs(two[3] - 1 / (1 + exp(-1))) < 0.015)
  }

  /// A logit of +∞ is certain, whatever the temperature; one that is not a number leaves nothing certain.
  @Test(arguments: [0.0, 1, 100])
  func aLogitOfInfinityIsChosen(temperature: Double) {
    var random = RandomSource(seed: 4)
    let options = SamplingOptions(temperature: temperature)
    let infinity = Float.infinity
    #expect(options.choose(from: [1, infinity, 2, infinity], using: &random) == 1)
    #expect(options.choose(from: [1, infinity, 2, infinity], allowed: [true, false, true, true], using: &random) == 3)
    #expect(options.choose(from: [1, .nan, infinity], using: &random) == 0)
  }
}
