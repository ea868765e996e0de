import SequenceModeling

func nextCharacter() throws {
  let file = try ModelFile<Float>(contentsOf: "Tests/Fixtures/compressed/run")
  let text = try Tokenizer(file.vocabulary).encode("The fo").tokens
  var context = ForwardContext<Float>()
  let (logits, _) = file.model(TokenGrid(ids: text, time: text.count, batch: 1), in: &context)
  let last = logits.value.slice(axis: 0, text.count - 1..<text.count)
  let probabilities = last.softmax().scalars
  let likeliest = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
  for id in likeliest.prefix(3) {
    print("\(file.vocabulary.display(Int32(id))): \(probabilities[id])")
  }
}
