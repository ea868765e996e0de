import SequenceModeling

func readTokenizer() throws {
  let tokenizer = try HuggingFaceTokenizer(contentsOf: "Tests/Fixtures/tokenizer/tokenizer.json")
  let ids = tokenizer.encode("The fox<|endoftext|>")
  print(ids)
  print(String(decoding: tokenizer.decode(ids), as: UTF8.self))
  let corpus = try Corpus(files: ["corpora/fables.txt"], vocabulary: tokenizer.vocabularyToTrain())
  print("\(corpus.tokens.count) tokens of \(corpus.characterCount) characters")
}
