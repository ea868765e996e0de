import Autograd
import CharrnnTestSupport
import Foundation
import RecurrentLayers
import TensorCore
import Testing

/// Labels read from a network's outputs, beside a search of all paths.
@Suite struct CTCDecoderTests {
  private func logProbabilities(_ shape: TensorShape, seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return (Tensor.normal(shape, using: &random) * 1.5).logSoftmax()
  }

  /// All labellings, most probable first.
  private func searched(_ x: Tensor<Double>, sequence: Int, steps: Int, blank: Int32) -> [(
    labels: [Int32], score: Double
  )] {
    labellings(of: x, sequence: sequence, steps: steps, blank: blank).map { ($0, log($1)) }.sorted { $0.1 > $1.1 }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4], [Int32(0), 2])
  func aBeamAsWideAsAllPrefixesIsExact(seed: UInt64, blank: Int32) throws {
    let steps = [5, 4]
    let x = logProbabilities([5, 2, 3], seed: seed)
    let found = try CTCDecoder(blank: blank).beamSearch(x, lengths: SequenceLengths(steps, time: 5), width: 1000)
    for (sequence, found) in found.enumerated() {
      let expected = searched(x, sequence: sequence, steps: steps[sequence], blank: blank)
      #expect(found.map(\.labels) == expected.map(\.labels), "seed \(seed)")
      for (found, expected) in zip(found, expected) {
        #expect(abs(found.score - expected.score) < 1e-12, "\(found.labels), seed \(seed)")
      }
    }
  }

  @Test(arguments: [UInt64(1), 2, 3], [1, 2, 5])
  func aNarrowBeamKeepsSoManyAndBoundsTheirProbabilities(seed: UInt64, width: Int) throws {
    let x = logProbabilities([6, 1, 3], seed: seed)
    let found = try CTCDecoder().beamSearch(x, width: width)[0]
    let exact = labellings(of: x, sequence: 0, steps: 6, blank: 0)
    #expect(found.count == width && Set(found.map(\.labels)).count == width, "seed \(seed)")
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score }, "seed \(seed)")
    for labelling in found { #expect(labelling.score < log(exact[labelling.labels]!) + 1e-12, "seed \(seed)") }
  }

  @Test(arguments: [UInt64(1), 2, 3], [Int32(0), 2])
  func theBestPathIsTheCollapsedArgmax(seed: UInt64, blank: Int32) throws {
    let x = logProbabilities([8, 3, 4], seed: seed)
    let lengths = try SequenceLengths([8, 5, 1], time: 8)
    let found = try CTCDecoder(blank: blank).bestPath(x, lengths: lengths)
    for (sequence, found) in found.enumerated() {
      let own = x.slice(axis: 1, sequence..<sequence + 1).rows(0..<lengths.steps[sequence])
      #expect(found.labels == collapsed(own.argmax(), blank: blank), "seed \(seed)")
      #expect(abs(found.score - own.max(axis: -1).sum().scalar) < 1e-12, "seed \(seed)")
    }
  }

  /// A case in which the most probable path reads as another labelling than the most probable one.
  @Test func theBeamAddsUpPathsWhereTheBestPathDoesNot() throws {
    let x = Tensor<Double>([0.6, 0.4, 0.6, 0.4], shape: [2, 1, 2]).log()
    let (path, beam) = (try CTCDecoder().bestPath(x)[0], try CTCDecoder().beamSearch(x, width: 4)[0])
    #expect(path.labels == [] && abs(path.score - log(0.36)) < 1e-15)
    #expect(beam[0].labels == [1] && abs(beam[0].score - log(0.64)) < 1e-15)
  }

  @Test func amongEqualsTheFirstInOrderComesFirst() throws {
    let x = Tensor<Double>.full([1, 1, 4], 0.25).log()
    #expect(try CTCDecoder().bestPath(x)[0].labels == [])
    #expect(try CTCDecoder().beamSearch(x, width: 4)[0].map(\.labels) == [[], [1], [2], [3]])
    #expect(try CTCDecoder(blank: 3).beamSearch(x, width: 3)[0].map(\.labels) == [[], [0], [1]])
  }

  @Test func aPrefixScoreIsAddedForEachLabel() throws {
    let x = logProbabilities([4, 1, 3], seed: 5)
    func score(_ prefix: [Int32], _ next: Int32) -> Double { Double(next) * 0.7 - Double(prefix.count) * 0.4 }
    let found = try CTCDecoder().beamSearch(x, width: 1000, prefixScore: score)[0]
    let expected = labellings(of: x, sequence: 0, steps: 4, blank: 0).mapValues { log($0) }
    #expect(found.count == expected.count)
    for labelling in found {
      let labels = labelling.labels
      let bonus = labels.indices.reduce(0) { $0 + score(Array(labels[..<$1]), labels[$1]) }
      #expect(abs(labelling.score - expected[labels]! - bonus) < 1e-12, "\(labels), seed 5")
    }
  }

  @Test func longSequencesDoNotUnderflow() throws {
    let x = Tensor<Double>.full([2000, 1, 2], -30)
    #expect(try abs(CTCDecoder().beamSearch(x, width: 1)[0][0].score + 60_000) < 100)
  }

  @Test func unsoundScoresOfASequenceAreRefused() throws {
    let lengths = try SequenceLengths([3, 2], time: 3)
    var x = logProbabilities([3, 2, 3], seed: 6)
    let clean = try CTCDecoder().beamSearch(x, lengths: lengths, width: 3)
    #expect(try CTCDecoder().beamSearch(x.paddedWithNaN(lengths), lengths: lengths, width: 3) == clean)
    for unsound in [Double.nan, .infinity] {
      x[1, 1, 2] = unsound
      let error = LabellingError.unsoundScore(sequence: 1, step: 1)
      #expect(throws: error) { try CTCDecoder().bestPath(x, lengths: lengths) }
      #expect(throws: error) { try CTCDecoder().beamSearch(x, lengths: lengths, width: 3) }
    }
  }

  @Test func classesWithoutProbabilityAreNotRead() throws {
    let x = Tensor<Double>([0, -.infinity, -.infinity, 0], shape: [2, 1, 2])
    #expect(try CTCDecoder().beamSearch(x, width: 9)[0].map(\.labels) == [[1]])
  }

  @Test func aPrefixScoreThatIsNotANumberTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try CTCDecoder().beamSearch(Tensor<Float>.zeros([1, 1, 2]), width: 2) { _, _ in .nan }
    }
    expectMessage("CTCDecoder.beamSearch: the score of label 1 after [] is NaN", from: result)
  }
}
