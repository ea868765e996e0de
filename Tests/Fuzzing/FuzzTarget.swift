/// A reader of untrusted bytes, to be tried with any input. It must come to an end by itself, in time linear in the input, and
/// agree with a slower or an independent reader where there is one.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// The header and the seal of a safetensors file.
  case safetensors
  /// The metadata of a model file and the state of a run.
  case metadata
  case vocabulary
  /// A `tokenizer.json` file of Hugging Face.
  case tokenizer
  /// Settings as JSON, and the limits that they are held to.
  case settings
  case csv
  /// The automaton of UTF-8, tokens, and text in chunks.
  case utf8
  /// A corpus, cut into chunks anywhere.
  case corpus
  /// A compressed text, and what is to be one.
  case compressed
  case zip
  case npy
  /// The pickle of a PyTorch file.
  case pickle
  case onnx
  case hdf5
  case msgpack

  /// Reads the input. Traps when a law does not hold.
  package func run(_ input: [UInt8]) {
    switch self {
    case .safetensors: readSafetensors(input)
    case .metadata: readMetadata(input)
    case .vocabulary: readVocabulary(input)
    case .tokenizer: readTokenizer(input)
    case .settings: readSettings(input)
    case .csv: readCSV(input)
    case .utf8: readUTF8(input)
    case .corpus: readCorpus(input)
    case .compressed: readCompressed(input)
    case .zip: readZIP(input)
    case .npy: readNumPy(input)
    case .pickle: readPickle(input)
    case .onnx: readONNX(input)
    case .hdf5: readHDF5(input)
    case .msgpack: readMessagePack(input)
    }
  }
}

/// Stops the program when a law does not hold.
func require(_ condition: Bool, _ law: @autoclosure () -> String) {
  if !condition { fatalError("a law does not hold: \(law())") }
}

/// Requires that an error is one line, of bounded length but for the paths in it.
func requireReadable(_ error: any Error) {
  let text = "\(error)"
  require(text.unicodeScalars.count < 4000, "the message has \(text.unicodeScalars.count) scalars")
}
