import SequenceModeling

func sequencesOfSeveralLengths() throws {
  /// Draws sequences of numbers; the class of a step is whether the sum so far is positive.
  func sums(_ count: Int, using random: inout RandomSource) throws -> SequenceData<Float> {
    let sequences = (0..<count).map { _ in
      Tensor<Float>.normal([Int.random(in: 1...12, using: &random), 1], mean: 0, standardDeviation: 1, using: &random)
    }
    let classes = sequences.map { sequence in
      var sum: Float = 0
      return sequence.scalars.map { number -> Int32 in
        sum += number
        return sum > 0 ? 1 : 0
      }
    }
    return try SequenceData(sequences, targets: .stepClasses(classes))
  }

  var random = RandomSource(seed: 1)
  let (data, test) = (try sums(400, using: &random), try sums(100, using: &random))
  var net = Sequential {
    Recurrent(LSTMCell(input: 1, hidden: 16), returning: .all)
    Dense(16, 2)
  }
  try net.fit(
    data, epochs: 20, optimizer: .adam(learningRate: 0.02), loss: .softmaxCrossEntropy,
    options: FitOptions(validation: .split(0.1)))
  print(try net.evaluate(test, loss: .softmaxCrossEntropy, metrics: [.accuracy]))
  let scores = try net.predict(.vectors([Tensor([1, -2, 3], shape: [3, 1])]))  // one tensor a sequence, [3, 2]
  print(scores[0].argmax())
}
