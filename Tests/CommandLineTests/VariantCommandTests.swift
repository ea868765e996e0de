import CharrnnTestSupport
import Foundation
import LanguageModels
import Testing

/// Cells and refinements of a model, by their options.
@Suite struct VariantCommandTests {
  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    return workplace
  }

  private static let cells = CellKind.allCases.map(\.rawValue)
  private static let refinements = [
    ["--layer-norm"], ["--projection", "2"], ["--residual"], ["--learned-state"], ["--locked-dropout", "0.3"],
    ["--embedding", "4", "--embedding-dropout", "0.3"], ["--weight-drop", "0.3"], ["--zoneout", "0.3"],
  ]
  private static let heads = [["--cell", "slstm", "--heads", "2"]]
  private static let training = [
    ["--activation-regularization", "2", "--temporal-regularization", "1"], ["--weight-decay", "0.1"],
    ["--backward-length", "20"], ["--backward-length", "3"], ["--vary-length"],
  ]

  @Test(arguments: cells.map { ["--cell", $0] } + refinements + heads + training)
  func eachCanBeTrainedGoneOnWithSampledEvaluatedAndShown(options: [String]) throws {
    let workplace = try workplace()
    let train = ["train", "fable.txt", "--out", "run", "--sample-every", "0"] + small + options
    expectDone(try workplace.charrnn(train + ["--steps", "3"]))
    expectDone(try workplace.charrnn(train + ["--steps", "5", "--resume"]), "resuming run after step 3")
    let sample = try workplace.charrnn("sample", "run", "--length", "20", "--seed", "3")
    expectDone(sample)
    #expect(sample.text == (try workplace.charrnn("sample", "run", "--length", "20", "--seed", "3")).text)
    expectDone(try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "all"))
    expectDone(try workplace.charrnn("inspect", "run"))
  }

  @Test(arguments: cells.map { ["--cell", $0] } + refinements)
  func gradientsAreRightWithEach(options: [String]) throws {
    expectDone(
      try workplace().charrnn(
        [
          "gradcheck", "--hidden", "\(amount(debug: 3, release: 4))", "--length", "\(amount(debug: 2, release: 3))",
          "--vocabulary", "3",
        ] + options))
  }

  @Test(arguments: cells.map { ["--cell", $0] } + refinements + heads)
  func theBenchmarkMeasuresEach(options: [String]) throws {
    let outcome = try workplace().charrnn(
      ["benchmark", "fable.txt", "--seconds", "0.05", "--sample", "5", "--json"] + smallSize + options)
    expectDone(outcome)
    #expect(try outcome.json()["train_tokens_per_second"] as? Double ?? 0 > 0)
  }

  @Test func aResumedRunKeepsItsRefinementsAndRefusesOthers() throws {
    let workplace = try workplace()
    let options = [
      "--zoneout", "0.2", "--layer-norm", "--backward-length", "20", "--temporal-regularization", "2",
    ]
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "2"] + small + options))
    let resume = ["train", "fable.txt", "--out", "run", "--resume", "--steps", "4"]
    expectError(try workplace.charrnn(resume + ["--zoneout", "0.3"]), 64, "--zoneout", "0.2")
    expectError(try workplace.charrnn(resume + ["--weight-drop", "0.3"]), 64, "--weight-drop is 0.3, the run's is 0;")
    expectError(
      try workplace.charrnn(resume + ["--backward-length", "10"]), 64, "--backward-length is 10, the run's is 20;")
    expectError(
      try workplace.charrnn(resume + ["--temporal-regularization", "1"]), 64,
      "--temporal-regularization is 1, the run's is 2;")
    expectError(
      try workplace.charrnn(resume + ["--weight-decay", "1"]), 64,
      "--weight-decay is 1, the run's is 0.01 for adamw, else 0")
    expectDone(try workplace.charrnn(resume + ["--weight-decay", "0"]))
    let shown = try workplace.charrnn("inspect", "run", "--json").json()
    let refinements = try #require(shown["refinements"] as? [String: Any])
    #expect(refinements["zoneout"] as? Double == 0.2 && refinements["layer_norm"] as? Bool == true)
    #expect(try workplace.charrnn("inspect", "run").text.contains("lstm 2×8, layer normalization, zoneout 0.2"))
  }

  @Test func whatMakesNoSenseIsRefusedNamingBothSidesAndSayingWhatToDo() throws {
    let workplace = try workplace()
    for command in [["train", "fable.txt"], ["benchmark", "fable.txt"], ["gradcheck"]] {
      expectError(try workplace.charrnn(command + ["--bidirectional"]), 64, "left to right", "leave it out")
      for (options, fragments) in [
        (["--dropout", "0.1", "--locked-dropout", "0.2"], ["dropout 0.1", "locked dropout 0.2", "choose one"]),
        (["--cell", "rnn", "--layer-norm"], ["lstm and gru", "rnn", "leave it out"]),
        (["--cell", "min-gru", "--weight-drop", "0.1"], ["weight drop 0.1", "min-gru", "leave it out"]),
        (["--embedding-dropout", "0.1"], ["embedding dropout 0.1", "one-hot", "set an embedding"]),
        (["--hidden", "8", "--projection", "8"], ["projection is 8", "hidden is 8"]),
        (["--hidden", "8", "--embedding", "4", "--tie"], ["embedding is 4", "hidden is 8", "make them equal"]),
        (["--layers", "1", "--residual"], ["residual", "1 layer", "leave them out"]),
        (["--cell", "slstm", "--hidden", "8", "--heads", "3"], ["heads is 3", "hidden is 8", "multiple"]),
        (["--heads", "2"], ["heads", "slstm", "not for lstm", "leave it out"]),
        (["--cell", "peephole"], ["peephole-lstm"]),
      ] {
        let outcome = try workplace.charrnn(command + options)
        for fragment in fragments { expectError(outcome, 64, fragment) }
      }
    }
    expectError(try workplace.charrnn("train", "fable.txt", "--length", "3", "--vary-length"), 64, "length of 3", "4")
    #expect(!(try workplace.charrnn("train", "--help")).text.contains("bidirectional"))
  }
}
