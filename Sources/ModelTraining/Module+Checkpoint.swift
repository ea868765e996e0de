import Autograd
import NeuralLayers
import TensorCheckpoints
import TensorCore

extension Module where Scalar: StorableScalar {
  /// Writes every parameter and statistic, under its name, to a safetensors file, which replaces the file at `path` as a whole
  /// or not at all.
  ///
  /// - Parameter metadata: free text by name that goes with them (what inputs were standardized by, the names of classes);
  ///   `Checkpoint(contentsOf:)` reads it.
  /// - Precondition: every parameter has values, and `metadata` is as `Checkpoint.serialized()` wants it.
  /// - Throws: `FileError` when the file cannot be written.
  public func save(to path: String, metadata: [String: String] = [:]) throws(FileError) {
    for (name, parameter) in parameters where !parameter.isDrawn {
      programmingError("save: the values of \(name) were not drawn yet: call initialize(using:) on the model")
    }
    requireDistinctNames()
    try Checkpoint(parametersOf: self, metadata: metadata).write(to: path)
  }

  /// Takes the values of every parameter and statistic from a file that a module of the same architecture was saved to; other
  /// precisions are converted. After an error nothing has changed.
  ///
  /// - Throws: `FileError` when the file cannot be read; `SafetensorsError` when it is damaged, lacks a parameter, has one of
  ///   another shape, or holds a tensor that belongs to none.
  public mutating func load(from path: String) throws {
    let checkpoint = try Checkpoint(contentsOf: path)
    var loaded = self
    try loaded.take(from: checkpoint)
    let names = Set(loaded.parameters.map(\.name))
    // PyTorch counts the batches that a normalization has seen; nothing here depends on it.
    let strangers = checkpoint.names.filter { !names.contains($0) && !$0.hasSuffix("num_batches_tracked") }
    if let stranger = strangers.first {
      throw SafetensorsError(file: path, problem: .unknownTensor(stranger))
    }
    self = loaded
  }

  /// Takes the values of some parameters and statistics from a checkpoint in which they have other names; other precisions are
  /// converted. After an error nothing has changed.
  ///
  ///     let others = try net.load(from: Checkpoint(contentsOf: "trained.safetensors")) { name in
  ///       name.hasPrefix("rnn.") ? "encoder." + name : nil  // the layer on top keeps its own values
  ///     }
  ///
  /// - Parameter storedName: the name in the checkpoint of a parameter; nil for a parameter that keeps its values.
  /// - Returns: names of tensors in the checkpoint that were not taken.
  /// - Throws: `SafetensorsError` when the checkpoint lacks a tensor that was named, or has one of another shape.
  @discardableResult
  public mutating func load(
    from checkpoint: Checkpoint, naming storedName: @escaping (_ parameter: String) -> String?
  ) throws(SafetensorsError) -> [String] {
    var loaded = self
    var loader = ParameterLoader<Scalar>(checkpoint: checkpoint, storedName: storedName)
    try loaded.visitParameters(&loader)
    self = loaded
    return checkpoint.names.filter { !loader.taken.contains($0) }
  }

  /// Takes the values of every parameter and statistic from a checkpoint, which may hold more.
  ///
  /// - Parameter prefix: start of their names in the checkpoint.
  /// - Throws: `SafetensorsError` when one is missing or has another shape.
  package mutating func take(from checkpoint: Checkpoint, prefix: String = "") throws(SafetensorsError) {
    var loader = ParameterLoader<Scalar>(checkpoint: checkpoint, storedName: { prefix + $0 })
    try visitParameters(&loader)
  }
}

extension Checkpoint {
  /// The parameters and statistics of a module by name.
  package init<M: Module>(parametersOf module: M, metadata: [String: String] = [:]) where M.Scalar: StorableScalar {
    self.init(metadata: metadata)
    for (name, parameter) in module.parameters { tensors[name] = StoredTensor(parameter.value) }
  }
}

private struct ParameterLoader<Scalar: StorableScalar>: ParameterVisitor {
  var path = ParameterPath()
  let checkpoint: Checkpoint
  /// Name in the checkpoint of a parameter; nil for one that keeps its values.
  let storedName: (String) -> String?
  var taken: Set<String> = []

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) throws(SafetensorsError) {
    guard let stored = storedName(name) else { return }
    parameter.value = try checkpoint.tensor(stored, shape: parameter.shape)
    taken.insert(stored)
  }
}
