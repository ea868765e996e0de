import SequenceModeling

func steerSampling() throws {
  let file = try ModelFile<Float>(contentsOf: "Tests/Fixtures/format-1/lstm")
  let generator = TextGenerator(model: file.model, vocabulary: file.vocabulary, arrangement: file.arrangement)

  let options = SamplingOptions(temperature: 0.7, topP: 0.95)
  print(generator.text(length: 40, options: options, seed: 7))  // the seed decides the text

  let name = try TokenAutomaton(TextPattern("[A-Z][a-z]{2,8}"), over: file.vocabulary)
  print(generator.text(length: 12, constraints: TextConstraints(pattern: name), seed: 7))

  let sentence = TextConstraints(stop: ".")  // the text ends before the stop
  print(generator.text(length: 200, constraints: sentence, seed: 7))
}
