import ModelTraining
import NeuralLayers
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct PartialLoadTests {
  private func network(seed: UInt64) -> Sequential<Double> {
    Sequential(seed: seed) {
      Dense(3, 4)
      Dense(4, 2)
    }
  }

  private func values(_ network: Sequential<Double>) -> [String: [Double]] {
    Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.parameter.value.scalars) })
  }

  private var stored: Checkpoint {
    let numbers = (0..<16).map { Double($0) }
    return Checkpoint(tensors: [
      "body.weight": StoredTensor(Array(numbers[..<12]), shape: [4, 3]),
      "body.bias": StoredTensor(Array(numbers[12...]), shape: [4]),
      "head.weight": StoredTensor(numbers, shape: [4, 4]),
    ])
  }

  @Test func namedParametersAreTakenAndTheOthersKept() throws {
    var model = network(seed: 1)
    let before = values(model)
    let others = try model.load(from: stored) { name in
      name.hasPrefix("0.") ? name.replacing("0.", with: "body.") : nil
    }
    let after = values(model)
    #expect(others == ["head.weight"])
    #expect(after["0.weight"] == (0..<12).map { Double($0) } && after["0.bias"] == [12, 13, 14, 15])
    #expect(after["1.weight"] == before["1.weight"] && after["1.bias"] == before["1.bias"])
  }

  @Test func aMissingTensorOrAnotherShapeChangesNothing() {
    var model = network(seed: 1)
    let before = values(model)
    #expect(throws: SafetensorsError(file: "checkpoint", problem: .missingTensor("tail.bias"))) {
      try model.load(from: stored) { $0 == "0.weight" ? "body.weight" : $0 == "1.bias" ? "tail.bias" : nil }
    }
    #expect(
      throws: SafetensorsError(
        file: "checkpoint", problem: .wrongShape(tensor: "head.weight", found: [4, 4], wanted: [2, 4]))
    ) {
      try model.load(from: stored) { $0 == "0.weight" ? "body.weight" : $0 == "1.weight" ? "head.weight" : nil }
    }
    #expect(values(model) == before)
  }
}
