// Runs a recurrent model that a Python package ships, for `real_models.py`.
//
//     InteropModels MODEL FOLDER INPUT OUTPUT
//     InteropModels stream uzmorph-bigru|silero-vad FOLDER
//
// FOLDER is the package's. The model reads INPUT and writes its lines to OUTPUT.txt and its numbers, 32-bit floats, to
// OUTPUT.f32. Each line on the standard input asks for another pass; the answer is its seconds. `stream` runs one
// of the programs of the documentation, which reads standard input as it comes.

import Foundation
import SequenceModeling

/// Outputs of a model.
struct Output {
  var lines: [String] = []
  var numbers: [Float] = []
}

/// A model of a package.
protocol PackageModel {
  /// Reads the weights in a package's folder.
  init(folder: String) throws
  func callAsFunction(_ input: Data) -> Output
}

extension PackageModel {
  /// The lines of a text.
  func lines(of input: Data) -> [String] {
    String(decoding: input, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

extension StoredTensor {
  /// These numbers as 32-bit floats.
  var floats: Tensor<Float> { Tensor(self)! }
}

let kinds: [String: any PackageModel.Type] = [
  "g2p-en": PronunciationModel.self, "uzmorph-bigru": MorphologyModel.self, "silero-vad": SpeechModel.self,
  "silero-vad-sequence": SpeechSequenceModel.self, "textgenrnn": TextModel.self,
]
let arguments = CommandLine.arguments
if arguments[1] == "stream" {
  try arguments[2] == "silero-vad" ? hearVoices(folder: arguments[3]) : tagLetters(folder: arguments[3])
  exit(0)
}
let model = try kinds[arguments[1]]!.init(folder: arguments[2])
let input = try Data(contentsOf: URL(fileURLWithPath: arguments[3]))
let output = model(input)
try output.lines.joined(separator: "\n").write(toFile: arguments[4] + ".txt", atomically: true, encoding: .utf8)
try output.numbers.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: arguments[4] + ".f32"))
print("ready")
fflush(nil)
while readLine() != nil {
  let start = ContinuousClock.now
  _ = model(input)
  print((ContinuousClock.now - start) / .seconds(1))
  fflush(nil)
}
