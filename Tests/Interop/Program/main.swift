// Runs recurrent layers with the weights of other packages, for `zoo.py`.
//
//     InteropProgram CASES
//
// CASES is a directory of directories. Each holds `case.safetensors`: `input`, [time, batch, features], perhaps the initial
// states `h0` and `c0`, [layers · directions, batch, units]; and in the metadata `file`, the name of the weights' file
// beside it, `convention`, `cell` where the weights do not tell, and `prefix`, the start of the names of the recurrent
// tensors. It writes `result.safetensors`: `outputs`, `h`, `c`, and under `export.` the weights as the same package keeps
// them, converted there and back.

import Foundation
import SequenceModeling

struct Case {
  let directory: String
  let checkpoint: Checkpoint

  func run() throws {
    let metadata = checkpoint.metadata
    let file = try PackageFile(contentsOf: directory + "/" + metadata["file"]!)
    let convention = WeightConvention(rawValue: metadata["convention"]!)!
    let prefix = metadata["prefix"] ?? ""
    let tensors = file.tensors.filter { $0.key.hasPrefix(prefix) }
    let weights = try RecurrentWeights(
      tensors, in: convention, cell: metadata["cell"].map { .init(rawValue: $0)! } ?? file.cell,
      gateActivation: file.gateActivation)
    let result =
      switch weights.cell {
      case .lstm: try result(of: StackedRecurrent<LSTMCell<Float>>(weights))
      case .gru, .gruResetBefore: try result(of: StackedRecurrent<GRUCell<Float>>(weights))
      case .rnn, .rnnReLU: try result(of: StackedRecurrent<ElmanCell<Float>>(weights))
      }
    try result.write(to: directory + "/result.safetensors")
  }

  func result<Cell: ExchangeableCell<Float>>(of stack: StackedRecurrent<Cell>) throws -> Checkpoint {
    var context = ForwardContext<Float>()
    let names = Cell.State.componentNames
    var state: [Cell.State]?
    if checkpoint.tensors["h0"] != nil {
      let given: [Tensor<Float>] = try zip(["h0", "c0"], names).map { name, _ in try checkpoint.tensor(name) }
      state = (0..<given[0].shape[0]).map { index in
        Cell.State(
          components: given.map { Variable($0.slice(axis: 0, index..<index + 1).reshaped([$0.shape[1], $0.shape[2]])) })
      }
    }
    let input: Tensor<Float> = try checkpoint.tensor("input")
    let (outputs, last) = stack.run(.vectors(Variable(input)), from: state, in: &context)
    var result = Checkpoint(tensors: ["outputs": StoredTensor(outputs.value)])
    for (index, name) in ["h", "c"].prefix(names.count).enumerated() {
      result.tensors[name] = StoredTensor(Tensor.stack(last.map { $0.components[index].value }))
    }
    let convention = WeightConvention(rawValue: checkpoint.metadata["convention"]!)!
    for (name, tensor) in try stack.weights.tensors(in: convention) { result.tensors["export." + name] = tensor }
    return result
  }
}

for name in try FileManager.default.contentsOfDirectory(atPath: CommandLine.arguments[1]).sorted() {
  let directory = CommandLine.arguments[1] + "/" + name
  let checkpoint = try Checkpoint(contentsOf: directory + "/case.safetensors")
  do { try Case(directory: directory, checkpoint: checkpoint).run() } catch { print("\(name): \(error)") }
}
