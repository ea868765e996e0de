import CharrnnTestSupport
import Foundation
import NGramModels
import Testing

@Suite struct NGramModelTests {
  /// Tokens with the repetitions of a text: each is mostly decided by the two before it.
  private func tokens(_ count: Int, symbols: Int, seed: Int) -> [Int32] {
    var random = SplitMix(seed: seed)
    var tokens: [Int32] = []
    for position in 0..<count {
      let before = position < 2 ? 0 : Int(tokens[position - 1]) * 7 + Int(tokens[position - 2]) * 3
      tokens.append(Int32((random.next() % 4 == 0 ? Int(random.next() % 1000) : before) % symbols))
    }
    return tokens
  }

  @Test(arguments: [0, 1, 2, 4, 6])
  func anAdaptiveModelGivesTheProbabilitiesOfTheObviousOne(order: Int) {
    let text = tokens(amount(debug: 300, release: 2000), symbols: 5, seed: order)
    var (model, obvious) = (NGramModel(order: order, symbols: 6), ObviousModel(order: order, symbols: 6))
    for token in text {
      for other in Int32(0)..<6 {
        #expect(abs(model.probability(of: other) - obvious.probability(of: other)) < 1e-12)
      }
      model.learn(token)
      obvious.learn(token)
    }
  }

  /// What is only read changes no count: the model predicts as it did after the same tokens.
  @Test func whatIsOnlyReadIsNotLearned() {
    let (training, text) = (tokens(400, symbols: 5, seed: 1), tokens(200, symbols: 6, seed: 2))
    var (model, obvious) = (NGramModel(order: 4, symbols: 6), ObviousModel(order: 4, symbols: 6))
    for token in training {
      model.learn(token)
      obvious.learn(token)
    }
    for token in text {
      #expect(abs(model.probability(of: token) - obvious.probability(of: token)) < 1e-12)
      model.read(token)
      obvious.history.append(token)
    }
    model.forgetContext()
    obvious.history = []
    #expect(abs(model.probability(of: 3) - obvious.probability(of: 3)) < 1e-12)
  }

  /// Kneser and Ney's counts: those of contexts shorter than the longest are numbers of different tokens before them, of
  /// which the beginning of the text is one.
  @Test func countsAreThoseOfKneserAndNey() {
    let text = tokens(600, symbols: 5, seed: 4)
    var model = NGramModel(order: 3, symbols: 6)
    for token in text { model.learn(token) }
    let obvious = KneserNey(text, order: 3, symbols: 6)
    let unread = tokens(100, symbols: 6, seed: 5)
    for position in 3..<unread.count {
      let context = Array(unread[position - 3..<position])
      model.forgetContext()
      for token in context { model.read(token) }
      for other in Int32(0)..<6 {
        #expect(abs(model.probability(of: other) - obvious.probability(of: other, after: context)) < 1e-12)
      }
    }
  }

  @Test func theProbabilitiesOfAllTokensAreThoseOfEach() {
    var model = NGramModel(order: 5, symbols: 9)
    for token in tokens(500, symbols: 8, seed: 6) {
      let all = model.probabilities()
      #expect(abs(all.reduce(0, +) - 1) < 1e-12)
      for (other, probability) in all.enumerated() {
        #expect(abs(probability - model.probability(of: Int32(other))) < 1e-12 && probability > 0)
      }
      model.learn(token)
    }
  }

  /// A model without room for more contexts goes on with what it has learned.
  @Test func aFullModelGoesOnWithWhatItHasLearned() {
    let text = tokens(3000, symbols: 5, seed: 7)
    func bits(capacity: Int) -> Double {
      var (model, sum) = (NGramModel(order: 2, symbols: 5, capacity: capacity), 0.0)
      for token in text {
        #expect(abs(model.probabilities().reduce(0, +) - 1) < 1e-12)
        sum -= log2(model.probability(of: token))
        model.learn(token)
      }
      return sum
    }
    let (free, full, tiny) = (bits(capacity: 1 << 20), bits(capacity: 60), bits(capacity: 1))
    #expect(free < full && full < tiny)
    #expect(abs(tiny - 3000 * log2(5)) < 1e-6)
  }
}
