import Autograd
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct UnitRankingTests {
  private func file(_ corpus: Corpus, _ cell: CellKind, layers: Int = 2) -> ModelFile<Float> {
    let shape = ModelShape(Architecture(cell: cell, layers: layers, hidden: 4), vocabulary: corpus.vocabulary.count)
    return ModelFile(model: .sample(shape), vocabulary: corpus.vocabulary)
  }

  /// State after each token, read one after the other.
  private func states(_ file: ModelFile<Float>, _ tokens: [Int32]) -> [[[Tensor<Float>]]] {
    var context = ForwardContext<Float>()
    var state: CharacterModel<Float>.State?
    return tokens.map { token in
      state = file.model(TokenGrid(ids: [token], time: 1, batch: 1), from: state, in: &context).state
      return state!.layers
    }
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) }
    func spread(_ values: [Double], _ mean: Double) -> Double { values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } }
    return covariance / (spread(a, meanA) * spread(b, meanB)).squareRoot()
  }

  @Test(arguments: CellKind.allCases)
  func unitsAreElementsOfTheStateAfterEachPiece(cell: CellKind) throws {
    let corpus = try sampleCorpus(sampleText(60))
    let file = file(corpus, cell)
    let ranking = try UnitRanking(of: file, on: corpus, by: [.linePosition])
    let units = file.model.units
    #expect(Set(units).count == units.count && !units.isEmpty && units.count % 8 == 0)
    let values = ranking.activations(of: units, pieces: 60)
    let states = states(file, Array(corpus.tokens))
    for (unit, values) in zip(units, values) {
      let component = unit.component == "hidden" ? 0 : 1
      let expected = states.prefix(60).map { $0[unit.layer][component].scalars[unit.index] }
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(unit) of \(cell)")
    }
  }

  @Test func correlationsAreThoseOfTheHalves() throws {
    let corpus = try sampleCorpus(sampleText(240))
    let file = file(corpus, .lstm)
    let features: [TextFeature] = [.linePosition, .matches("fox|crow")]
    let ranking = try UnitRanking(of: file, on: corpus, by: features)
    let count = ranking.pieces.tokens.count
    for (feature, entries) in zip(features, ranking.rankings) {
      let values = try feature.values(of: ranking.pieces)
      #expect(Set(entries.map(\.unit)) == Set(file.model.units))
      #expect(entries.map { abs($0.correlation) } == entries.map { abs($0.correlation) }.sorted(by: >))
      let activations = ranking.activations(of: entries.map(\.unit), pieces: count).map { $0.map(Double.init) }
      for (entry, activation) in zip(entries, activations) {
        let first = correlation(Array(activation[..<(count / 2)]), Array(values[..<(count / 2)]))
        let second = correlation(Array(activation[(count / 2)...]), Array(values[(count / 2)...]))
        #expect(abs(entry.correlation - first) < 1e-6)
        #expect(abs(try #require(entry.heldOut) - second) < 1e-6)
      }
    }
  }

  @Test func aFeatureThatNeverChangesRanksNothing() throws {
    let corpus = try sampleCorpus(sampleText(100))
    let ranking = try UnitRanking(of: file(corpus, .gru), on: corpus, by: [.capitals, .wordPosition])
    #expect(ranking.rankings[0].isEmpty && ranking.rankings[1].count == 8)
  }

  @Test func aLimitReadsTheBeginning() throws {
    let corpus = try sampleCorpus(sampleText(100))
    let ranking = try UnitRanking(of: file(corpus, .gru), on: corpus, by: [.wordPosition], atMost: 30)
    #expect(ranking.tokens == 30 && ranking.pieces.tokens.count == 30)
    var settings = TrainingSettings.small()
    settings.areItems = true
    let items = try sampleCorpus(String(repeating: "abc\nbca\ncab\n", count: 10))
    let run = try CharacterRun(settings: settings, corpus: items)
    let read = try UnitRanking(
      of: run.file(of: run.model, validationLoss: nil), on: items, by: [.wordPosition], atMost: 30)
    #expect(read.tokens == 30)
  }

  /// Each document is read from the initial state: the same line has the same activations.
  @Test func documentsAreReadFromTheInitialState() throws {
    let corpus = try sampleCorpus(String(repeating: "abc\nbca\ncab\n", count: 10))
    var settings = TrainingSettings.small()
    settings.areItems = true
    let run = try CharacterRun(settings: settings, corpus: corpus)
    let ranking = try UnitRanking(of: run.file(of: run.model, validationLoss: nil), on: corpus, by: [.linePosition])
    #expect(ranking.tokens == corpus.tokens.count)
    let values = ranking.activations(of: [run.model.units[3]], pieces: 20)[0]
    #expect(Array(values[0..<3]) == Array(values[12..<15]) && values[0] != values[4])
  }

  @Test func unitsThatAreNotFiniteAreAnError() throws {
    let corpus = try sampleCorpus(sampleText(60))
    var damaged = file(corpus, .gru).model
    damaged.updateParameters { parameter, name in
      if name.hasSuffix("weight_ih_l0") { parameter.value = parameter.value * Float.nan }
    }
    #expect(throws: GenerationError.self) {
      try UnitRanking(of: ModelFile(model: damaged, vocabulary: corpus.vocabulary), on: corpus, by: [.wordPosition])
    }
  }
}
