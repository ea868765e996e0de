import CharrnnCommandSupport
import Testing

@Suite("Progress display")
struct ProgressDisplayTests {
  let state = ProgressState(
    step: 1260, totalSteps: 3000, epoch: 21.34, loss: 1.5234, bitsPerCharacter: 2.1978, charactersPerSecond: 185_000,
    secondsLeft: 83, validation: .init(loss: 1.6021, bitsPerCharacter: 2.3113, step: 1250))

  @Test func aWideTerminalShowsEverythingThatIsKnown() {
    #expect(
      drawn(state, width: 140)
        == " 42% [=============>                  ] step 1260/3000  epoch 21.3  loss 1.523  2.20 bits/char  185k char/s  "
        + "1m 23s left  val 1.602")
  }

  @Test func aTerminalOf80ColumnsShowsWhatMattersMost() {
    #expect(
      drawn(state, width: 80) == " 42% [==>    ] step 1260/3000  epoch 21.3  loss 1.523  1m 23s left  val 1.602")
  }

  @Test func withoutAKnownEndThereIsNeitherABarNorAPercentage() {
    #expect(drawn(ProgressState(step: 7, loss: 2), width: 80) == "step 7  loss 2.000")
  }

  /// A line leaves room for an echo of Control-C at every width, and the loss is the last part to go.
  @Test func aLineLeavesRoomForAnEchoAtEveryWidth() {
    for width in 0...160 {
      let line = drawn(state, width: width)
      #expect(line.count <= max(0, width - 3), "width \(width)")
      if width >= 30 { #expect(line.contains("loss 1.523"), "width \(width)") }
    }
  }

  /// The bar and the percentage grow together from empty to full, also for fractions out of range.
  @Test func theBarAndThePercentageGrowTogetherFromEmptyToFull() {
    let cases: [(fraction: Double, line: String)] = [
      (0, "  0% [>         ] step 1"), (0.5, " 50% [=====>    ] step 1"), (0.999, " 99% [=========>] step 1"),
      (1, "100% [==========] step 1"), (7, "100% [==========] step 1"), (-1, "  0% [>         ] step 1"),
    ]
    for (fraction, line) in cases {
      #expect(drawn(ProgressState(step: 1, fraction: fraction), width: 27) == line)
    }
    #expect(drawn(ProgressState(step: 1, fraction: .nan), width: 80) == "step 1")
    #expect(drawn(ProgressState(step: 0, totalSteps: 0), width: 80) == "step 0/0")
  }

  @Test func colourIsUsedOnlyWhereItIsAllowedAndTakesNoRoom() {
    var plain = ProgressDisplay(style: .redrawnLine(width: 100, color: false))
    var colored = ProgressDisplay(style: .redrawnLine(width: 100, color: true))
    let (bare, painted) = (plain.update(state, now: 0) ?? "", colored.update(state, now: 0) ?? "")
    #expect(bare != painted)
    #expect(painted.replacing("\u{1B}[36m", with: "").replacing("\u{1B}[0m", with: "") == bare)
  }

  @Test func nocolorTakesTheColourAwayADumbTerminalTheRedrawing() {
    func style(_ environment: [String: String]) -> ProgressDisplay.Style {
      Terminal.progressStyle(width: 90, environment: environment)
    }
    #expect(style(["TERM": "xterm"]) == .redrawnLine(width: 90, color: true))
    #expect(style(["NO_COLOR": ""]) == .redrawnLine(width: 90, color: true))
    #expect(style(["NO_COLOR": "1"]) == .redrawnLine(width: 90, color: false))
    #expect(style(["TERM": "dumb"]) == .plainLines)
  }

  /// A terminal is redrawn at most ten times a second, and at once after it was cleared.
  @Test func aTerminalIsRedrawnAtMostTenTimesASecond() {
    var display = ProgressDisplay(style: .redrawnLine(width: 80, color: false))
    let drawn = (0..<1000).count { display.update(state, now: Double($0) / 500) != nil }
    #expect((18...21).contains(drawn))
    #expect(display.update(state, now: 1.9981) == nil)
    #expect(display.clear() == "\r\u{1B}[K")
    #expect(display.clear() == "")
    #expect(display.update(state, now: 1.9982) != nil)
    #expect(display.finish(state).hasSuffix("\n"))
    #expect(display.clear() == "")
  }

  /// Off a terminal a plain line is written after each validation and once a minute.
  @Test func offATerminalPlainLinesAreWritten() {
    var display = ProgressDisplay(style: .plainLines)
    var times: [Int] = []
    for second in 0..<200 {
      var state = ProgressState(step: second, loss: 1)
      if second >= 10 { state.validation = .init(loss: 2, step: second < 30 ? 10 : 30) }
      if let line = display.update(state, now: Double(second)) {
        times.append(second)
        #expect(line.hasSuffix("\n") && !line.contains("\u{1B}") && !line.contains("\r"))
      }
    }
    #expect(times == [10, 30, 90, 150])
    #expect(display.clear() == "" && display.finish(state) == "")
  }

  /// After a rollback, which takes a validation back, the same step is validated again and said again.
  @Test func aValidationThatIsMadeAgainIsWrittenAgain() {
    var display = ProgressDisplay(style: .plainLines)
    var lines = 0
    for (second, validation) in [10, 10, nil, nil, 10, 10, nil].enumerated() {
      let state = ProgressState(step: 10, validation: validation.map { .init(loss: 2, step: $0) })
      if display.update(state, now: Double(second)) != nil { lines += 1 }
    }
    #expect(lines == 2)
  }

  @Test func aPlainLineSaysEverythingThatIsKnown() {
    var display = ProgressDisplay(style: .plainLines)
    #expect(
      display.update(state, now: 0)
        == "step 1260/3000 (42%), epoch 21.3, loss 1.523, 2.198 bits per character, validation loss 1.602, "
        + "2.311 bits per character, 185k characters/s, 1m 23s left\n")
  }

  private func drawn(_ state: ProgressState, width: Int) -> String {
    var display = ProgressDisplay(style: .redrawnLine(width: width, color: false))
    return (display.update(state, now: 0) ?? "").replacing("\r", with: "").replacing("\u{1B}[K", with: "")
  }
}

@Suite("Step pace")
struct StepPaceTests {
  @Test func aPaceIsMeasuredOverTheStepsCounted() {
    var pace = StepPace(began: 100)
    for _ in 0..<8 { pace.countStep() }
    #expect(pace.stepsPerSecond(now: 104) == 2)
    #expect(pace.seconds(forSteps: 30, now: 104) == 15)
    #expect(pace.seconds(forSteps: 0, now: 104) == 0)
    #expect(pace.seconds(forSteps: -35, now: 104) == 0, "a run that is past its end")
  }

  @Test func withoutStepsOrTimeThereIsNoPace() {
    var pace = StepPace(began: 100)
    #expect(pace.stepsPerSecond(now: 104) == nil && pace.seconds(forSteps: 30, now: 104) == nil)
    pace.countStep()
    #expect(pace.stepsPerSecond(now: 100) == nil && pace.seconds(forSteps: 30, now: 100) == nil)
  }
}

@Suite("Readable numbers")
struct ReadableTests {
  @Test(arguments: [
    (0.0, "0s"), (59.4, "59s"), (59.5, "1m 00s"), (83, "1m 23s"), (3599.6, "1h 00m"), (7500, "2h 05m"),
    (273_600, "3d 04h"), (-5, "0s"), (.nan, "?"), (.infinity, "?"), (1e300, "?"), (-1e300, "0s"),
  ])
  func times(seconds: Double, text: String) { #expect(Readable.time(seconds: seconds) == text) }

  @Test(arguments: [
    (0.0, "0"), (853, "853"), (999.4, "999"), (999.5, "1.0k"), (8540, "8.5k"), (9960, "10k"), (185_432, "185k"),
    (999_500, "1.0M"), (1_234_567, "1.2M"), (5e9, "5.0G"), (2e15, "2000T"),
    (.nan, "?"), (-.nan, "?"), (.infinity, "?"), (-.infinity, "?"),
  ])
  func counts(value: Double, text: String) { #expect(Readable.count(value) == text) }

  @Test(arguments: [(1.5234, "1.523"), (0, "0.000"), (.nan, "?"), (-.nan, "?"), (.infinity, "?"), (-.infinity, "?")])
  func fixedPoint(value: Double, text: String) { #expect(Readable.fixed(value, digits: 3) == text) }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1])
  func noNumberTraps(value: Double) {
    _ = Readable.time(seconds: value)
    _ = Readable.count(value)
    var display = ProgressDisplay(style: .redrawnLine(width: 200, color: true))
    let state = ProgressState(
      step: .max, totalSteps: .max, fraction: value, epoch: value, loss: value, bitsPerCharacter: value,
      charactersPerSecond: value, secondsLeft: value, validation: .init(loss: value, step: .max))
    #expect(display.update(state, now: 0) != nil)
  }
}
