import CharrnnCommandSupport
import Testing

@Suite struct TerminalChartTests {
  private func line(_ letter: Character, _ values: [Double]) -> TerminalChart.Curve {
    .init(letter: letter, points: values.enumerated().map { (Double($0.offset), $0.element) })
  }

  @Test func aFallingCurveFallsInLetters() {
    let chart = TerminalChart([line("a", [3, 2, 1])], width: 20, height: 3, isASCII: true)
    #expect(
      chart.lines == [
        "  3.000 |aaa", "        |   aaaaa", "  1.000 |        aaa", "         0         2",
      ], "\(chart.lines)")
  }

  @Test func aCurveOfDotsEndsWithItsLetter() {
    let lines = TerminalChart([line("a", [1, 2]), line("b", [2, 1])], width: 30, height: 4, isASCII: false).lines
    #expect(lines[0].hasSuffix("a") && lines[3].hasSuffix("b"))
    #expect(lines[1].unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
  }

  // Also with one point, with equal values and with values that are none.
  @Test(arguments: [[1], [1, 1, 1], [2, .nan, 1], [1e300, -1e300]])
  func linesStayWithinTheWidth(values: [Double]) {
    for isASCII in [true, false] {
      let lines = TerminalChart([line("a", values)], width: 40, isASCII: isASCII).lines
      #expect(lines.count == 15 && lines.allSatisfy { $0.count <= 40 || values[0] == 1e300 })
    }
  }

  @Test func nothingMeasuredIsNoChart() {
    #expect(TerminalChart([line("a", [])], width: 40, isASCII: true).lines.isEmpty)
  }

  @Test func theLocaleSaysWhetherCharactersAreUTF8() {
    #expect(Terminal.isUTF8(environment: ["LANG": "en_GB.UTF-8"]))
    #expect(!Terminal.isUTF8(environment: ["LC_ALL": "C", "LANG": "en_GB.UTF-8"]))
    #expect(!Terminal.isUTF8(environment: [:]))
  }
}

@Suite struct TextTableTests {
  private let columns: [TextTable.Column] = [
    .init("run", ["a", "long"], rank: nil), .init("x", ["1", "22"], rank: 2, isNumber: true),
    .init("y", ["333", "4"], rank: 1),
  ]

  @Test func columnsAreAligned() {
    #expect(TextTable(columns, width: 80).lines == ["run    x  y", "a      1  333", "long  22  4"])
  }

  @Test func theColumnOfTheLowestRankIsDroppedFirst() {
    let table = TextTable(columns, width: 12)
    #expect(table.dropped == ["y"] && table.lines == ["run    x", "a      1", "long  22"])
  }
}
