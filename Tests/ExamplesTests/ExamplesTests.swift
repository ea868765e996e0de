import CharrnnTestSupport
import Foundation
import Testing

/// Example programs print the results that they are there to show.
@Suite struct ExamplesTests {
  /// Everything that an example writes to standard output. Fails where it ends with an error.
  private func output(of name: String, _ arguments: String...) throws -> String {
    let run = try BuiltProgram.run(name + "Example", arguments)
    #expect(run.code == 0)
    return run.output
  }

  /// The number that stands behind a text, in the last place where it does.
  private func number(after text: String, in output: String) throws -> Double {
    let start = try #require(output.range(of: text, options: .backwards)).upperBound
    return try #require(Double(output[start...].prefix { "0123456789.e-".contains($0) }))
  }

  @Test func oneNeuronComputesAndAndOr() throws {
    let answers = try output(of: "OneNeuron").split(separator: "\n").filter { $0.contains("fires") }
      .map { $0.hasSuffix("true") }
    #expect(answers == [false, false, false, true] + [false, true, true, true] + [false, false, true, false])
  }

  @Test func exclusiveOrNeedsAHiddenLayer() throws {
    let output = try output(of: "ExclusiveOr")
    #expect(output.contains("the perceptron did not converge"))
    #expect(try number(after: "accuracy ", in: output) == 1)
  }

  @Test func explicitWeightsGiveNumPysNumbers() throws {
    let output = try output(of: "ExplicitWeights")
    #expect(output.contains("[[0.75140],\n [0.78008]]"))
    #expect(output.contains("mean squared error: 0.3351593366192"))
    #expect(abs(try number(after: "mean squared error: ", in: output) - 0.3328413065359965) < 1e-12)
  }

  @Test func fruitsNeverSeenAreToldApart() throws {
    let output = try output(of: "FruitClassifier")
    let found = try #require(output.split(separator: "\n").first { $0.contains("fruits never seen") })
    #expect(try number(after: "accuracy ", in: String(found)) > 0.95)
    #expect(output.contains("banana ("))
  }

  @Test func theSineIsFoundUnderItsNoise() throws {
    let output = try output(of: "SineRegression")
    #expect(try number(after: "R² ", in: output) > 0.97)
    #expect(try number(after: "validation loss ", in: output) < 0.015)
  }

  @Test func noisyDigitsAreRead() throws {
    let output = try output(of: "DigitRecognizer")
    #expect(try number(after: " accuracy ", in: output.replacingOccurrences(of: "top-2 accuracy", with: "")) > 0.95)
    #expect(output.contains("is read as 3") && output.contains("is read as 8"))
  }

  @Test func everyPictureIsRecalled() throws {
    let overlaps = try output(of: "PatternRecall").split(separator: "\n").filter { $0.hasPrefix("overlap") }
    #expect(overlaps == Array(repeating: "overlap with the picture: 1.0", count: 3))
  }

  @Test func theLoopWrittenOutLearns() throws {
    #expect(try number(after: "accuracy ", in: output(of: "TrainingLoop")) > 0.97)
  }

  @Test func aCellOfOnesOwnIsRightAndLearns() throws {
    let output = try output(of: "CustomCell")
    #expect(!output.contains("WRONG") && output.contains("ok"))
    #expect(try number(after: "loss ", in: output) < 0.1)
  }

  // SequenceTasksTests holds the tasks' results; training them takes the optimized build.
  #if !DEBUG
    @Test func aTaskIsShownBesideWhatIsExpected() throws {
      let output = try output(of: "SequenceTasks", "names", "--brief")
      #expect(output.hasPrefix("names: ") && output.contains("ok    share of names told rightly"))
    }
  #endif

  @Test func aTrainedModelWrites() throws {
    let output = try output(of: "TrainAndSample", "\(amount(debug: 1, release: 12))")
    #expect(output.contains("The fox "))
  }

  /// The detector learns from drawn voices, and hears them begin and end in turn.
  @Test func theVoiceDetectorHearsWhereSomeoneSpeaks() throws {
    let scratch = try ScratchDirectory()
    let model = scratch.path(of: "voice.safetensors")
    let trained = try output(of: "VoiceDetector", "train", model, "16", "40")
    #expect(try number(after: "accuracy ", in: trained) > 0.8)
    let program = BuiltProgram.url(of: "VoiceDetectorExample").path
    let heard = try BuiltProgram.shell("\"\(program)\" draw 3 | \"\(program)\" listen \"\(model)\"")
    let changes = heard.output.split(separator: "\n").map { $0.split(separator: " ").last.map(String.init) ?? "" }
    #expect(heard.code == 0 && changes.contains("voice") && changes.contains("silence"))
    #expect(zip(changes, changes.dropFirst()).allSatisfy { $0 != $1 })
    let usage = try BuiltProgram.run("VoiceDetectorExample", ["listen"])
    #expect(usage.code == 64 && usage.output.hasPrefix("usage: VoiceDetector train MODEL"))
    #expect(try BuiltProgram.run("VoiceDetectorExample", ["listen", scratch.path(of: "none")]).code == 65)
  }
}
