import CharrnnTestSupport
import Foundation
import LanguageModels
import Testing

@Suite struct RangeCoderTests {
  private struct Table {
    let counts: [UInt64]
    var total: UInt64 { counts.reduce(0, +) }
  }

  /// Tables of all sizes: even ones, steep ones, and ones with a symbol that has nearly everything.
  private func table(using random: inout SplitMix) -> Table {
    let symbols = Int.random(in: 1...300, using: &random)
    let most = UInt64(1) << UInt64.random(in: 0...22, using: &random)
    var counts = (0..<symbols).map { _ in UInt64.random(in: 1...most, using: &random) }
    if Bool.random(using: &random) {
      counts[Int.random(in: 0..<symbols, using: &random)] += (1 << 32) - counts.reduce(0, +)
    }
    return Table(counts: counts)
  }

  /// A symbol: mostly a likely one, else any.
  private func symbol(of table: Table, using random: inout SplitMix) -> Int {
    if Int.random(in: 0..<4, using: &random) == 0 { return Int.random(in: 0..<table.counts.count, using: &random) }
    return table.counts.indices.max { table.counts[$0] < table.counts[$1] }!
  }

  @Test(arguments: 0..<30) func anySymbolsOfAnyTablesComeBackAtTheirCost(seed: Int) throws {
    var random = SplitMix(seed: seed)
    let coded = (0..<Int.random(in: 1...2000, using: &random)).map { _ in
      let table = table(using: &random)
      return (table: table, symbol: symbol(of: table, using: &random))
    }
    var encoder = RangeEncoder()
    var bits = 0.0
    for (table, symbol) in coded {
      #expect(encoder.code(symbol, counts: table.counts, total: table.total) == symbol)
      bits -= log2(Double(table.counts[symbol]) / Double(table.total))
    }
    let bytes = encoder.finish()
    #expect(Double(bytes.count) <= bits / 8 * (1 + 1e-6) + 2, "seed \(seed)")
    var decoder = RangeDecoder(bytes[...])
    for (table, symbol) in coded {
      #expect(try decoder.code(0, counts: table.counts, total: table.total) == symbol, "seed \(seed)")
    }
    #expect(decoder.isAtEnd)
  }

  /// Symbols at the end of the range make carries that run through many bytes.
  @Test func carriesRunThroughAllBytes() throws {
    let counts: [UInt64] = [(1 << 32) - 1, 1]
    for ends in [[1, 1, 1, 0, 1], [Int](repeating: 1, count: 200), [Int](repeating: 0, count: 5000) + [1, 0, 1]] {
      var encoder = RangeEncoder()
      for symbol in ends { _ = encoder.code(symbol, counts: counts, total: 1 << 32) }
      var decoder = RangeDecoder(encoder.finish()[...])
      for symbol in ends { #expect(try decoder.code(0, counts: counts, total: 1 << 32) == symbol) }
      #expect(decoder.isAtEnd)
    }
  }

  /// Other bytes are decoded to symbols of the tables, until they end.
  @Test(arguments: 0..<20) func anyBytesAreDecodedToSymbolsOrAnError(seed: Int) {
    var random = SplitMix(seed: seed)
    let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var decoder = RangeDecoder(bytes[...])
    #expect(throws: CompressionError.otherContent) {
      for _ in 0..<10_000 {
        let counts = [UInt64](repeating: 1, count: Int.random(in: 2...300, using: &random))
        let symbol = try decoder.code(0, counts: counts, total: UInt64(counts.count))
        #expect(counts.indices.contains(symbol))
      }
    }
  }

  @Test func aFlagThatIsNeverSetCostsHalfTheLogarithmOfTheLength() throws {
    for count in [1, 10, 1000, 30_000] {
      var (encoder, flag) = (RangeEncoder(), AdaptiveFlag())
      for _ in 0..<count { _ = try flag.code(false, with: &encoder) }
      #expect(Double(8 * encoder.finish().count) <= 0.5 * log2(Double(count)) + 1 + 15, "\(count) flags")
    }
  }

  @Test func flagsAndBytesThatLearnComeBack() throws {
    var random = SplitMix(seed: 5)
    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: random.next() % ($0 < 10_000 ? 256 : 3)) }
    var encoder = RangeEncoder()
    var (flags, model) = (AdaptiveFlag(), AdaptiveBytes())
    for byte in bytes {
      _ = try flags.code(byte % 3 == 0, with: &encoder)
      _ = try model.code(byte, with: &encoder)
    }
    var decoder = RangeDecoder(encoder.finish()[...])
    (flags, model) = (AdaptiveFlag(), AdaptiveBytes())
    for byte in bytes {
      #expect(try flags.code(false, with: &decoder) == (byte % 3 == 0))
      #expect(try model.code(0, with: &decoder) == byte)
    }
  }

  @Test func countsAreTheProbabilitiesAndSumToTheTotal() throws {
    var random = SplitMix(seed: 6)
    for size in [1, 2, 65, 16_384] {
      let scores = (0..<size).map { _ in Double.random(in: -40...40, using: &random) }
      let counts = try CodedProbabilities(scores: scores).counts
      #expect(counts.reduce(0, +) == CodedProbabilities.total && counts.allSatisfy { $0 >= 1 })
      let sum = scores.reduce(0) { $0 + exp($1) }
      for (score, count) in zip(scores, counts) {
        #expect(abs(Double(count) / 0x1p32 - exp(score) / sum) < Double(size + 3) * 0x1p-32)
      }
    }
    #expect(throws: CompressionError.notFinite) { try CodedProbabilities(scores: [0, .nan]) }
    #expect(throws: CompressionError.notFinite) { try CodedProbabilities(scores: [0, .infinity]) }
  }
}
