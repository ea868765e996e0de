import ForeignFiles
import LanguageModels
import TensorCheckpoints
import TensorCore

/// A character model as a folder for a Python package: its weights as that package keeps them, and a program that runs them.
///
///     let export = try PackageExport(ModelFile(contentsOf: "runs/fables"), for: .pytorch)
///     try AtomicFile.write(export.files.map { ("fables/\($0.name)", $0.bytes) })
public struct PackageExport: Sendable {
  /// Python package that models are written for.
  public enum Package: String, Sendable, CaseIterable {
    /// PyTorch 2.15.0.
    case pytorch
    /// flax 0.12.8, its modules `nnx`.
    case flax
    /// MLX 0.32.4.
    case mlx
    /// Keras 3.15.1 on JAX or PyTorch.
    case keras

    var program: any PackageProgram.Type {
      switch self {
      case .pytorch: PyTorchProgram.self
      case .flax: FlaxProgram.self
      case .mlx: MLXProgram.self
      case .keras: KerasProgram.self
      }
    }
  }

  /// File of the folder.
  public struct File: Sendable, Equatable {
    public let name: String
    public let bytes: [UInt8]
  }

  /// `weights.safetensors`, the parameters under the package's names; `model.json`, the settings and the vocabulary; and
  /// `model.py`, which builds the model in the package, samples from it and evaluates it.
  ///
  /// Keras's parameters are in its own `model.weights.h5`, and a learned initial state alone in `weights.safetensors`.
  public let files: [File]

  /// - Throws: `PackageExportError` where the package has no counterpart for something in the model.
  public init(_ file: ModelFile<Float>, for package: Package) throws(PackageExportError) {
    let kind = file.vocabulary.kind
    if kind.isOfPieces {
      throw .noCounterpart("tokens that are \(kind.rawValue)s, which the program cannot find in a text", package)
    }
    let model = try ExportedModel(file, for: package)
    let program = try package.program.init(model)
    var files = [
      File(name: "model.json", bytes: Array(Self.settings(file).utf8)),
      File(name: "model.py", bytes: Array(program.text(of: model).utf8)),
    ]
    var tensors = model.initialStates
    if package.program.usesHDF5 {
      var writer = HDF5Writer(to: "model.weights.h5")
      do throws(HDF5Error) {
        // The order decides where the tensors stand in the file.
        for (name, tensor) in program.tensors.sorted(by: { $0.key < $1.key }) { try writer.add(tensor, at: name) }
        // Keras passes over attributes that it does not know.
        for (name, text) in model.metadata.sorted(by: { $0.key < $1.key }) {
          try writer.setAttribute(name, to: .text(text))
        }
      } catch { throw .hdf5(error) }
      files.append(File(name: writer.path, bytes: writer.serialized()))
    } else {
      tensors.merge(program.tensors) { $1 }
    }
    if !tensors.isEmpty {
      let checkpoint = Checkpoint(tensors: tensors, metadata: model.metadata)
      files.append(File(name: "weights.safetensors", bytes: Array(checkpoint.serialized().joined())))
    }
    self.files = files
  }

  /// The settings as a JSON object; symbols are texts, or numbers of bytes, in the order of the decoder's outputs. Of a model of
  /// documents, which it reads from the initial state: the token that they begin after, and the tokens that end them.
  private static func settings(_ file: ModelFile<Float>) -> String {
    let (shape, documents) = (file.model.shape, ExportedDocuments(file))
    let members: [(String, JSONText)] = [
      ("cell", .string(shape.cell.rawValue)), ("layers", .integer(shape.layers)), ("hidden", .integer(shape.hidden)),
      ("embedding", .integer(shape.embedding)), ("tied", .bool(shape.isTied)),
      ("projection", .integer(shape.projection)),
      ("residual", .bool(shape.residual)), ("learned_state", .bool(shape.learnsInitialState)),
      ("tokens", .string(file.vocabulary.kind.rawValue)),
      ("document_beginning", JSONText(documents.beginning.map { Int($0) })),
      ("document_end", documents.end.map { .array($0.map { .integer(Int($0)) }) } ?? .null),
    ]
    let lines = members.map { "  \"\($0.0)\": \($0.1.line),\n" }.joined()
    return "{\n\(lines)  \"vocabulary\": \(file.vocabulary.json)\n}\n"
  }
}

/// A character model in the parts that programs are made of.
struct ExportedModel {
  let shape: ModelShape
  let cell: RecurrentWeights.Cell
  let recurrent: RecurrentWeights
  let documents: ExportedDocuments
  /// Metadata of the model's checkpoint: its shape, vocabulary and, where it is known, its training, which tells documents.
  let metadata: [String: String]
  /// Embedding of the tokens, [V, E]; nil where tokens enter one-hot.
  let embedding: StoredTensor?
  /// Weight [V, O] and bias [V] of the linear layer; the weight is the embedding's where it is tied.
  let decoder, decoderBias: StoredTensor
  /// Learned states before the first token, `initial_h` and for an LSTM `initial_c`, [layers, width]; none where they are zeros.
  let initialStates: [String: StoredTensor]

  init(_ file: ModelFile<Float>, for package: PackageExport.Package) throws(PackageExportError) {
    shape = file.model.shape
    guard let cell = RecurrentWeights.Cell(shape.cell),
      cell != .gruResetBefore || package == .keras
    else { throw .noCounterpart("the cell \(shape.cell.rawValue.quotedName)", package) }
    for (isSet, what) in [
      (shape.layerNorm, "layer normalization"), (shape.zoneout > 0, "zoneout"),
      (shape.projection > 0 && package != .pytorch, "a projection"),
    ] where isSet {
      throw .noCounterpart(what, package)
    }
    (self.cell, documents) = (cell, ExportedDocuments(file))
    let checkpoint = file.checkpoint
    metadata = checkpoint.metadata
    let (shape, tensors) = (shape, checkpoint.tensors)
    do { recurrent = try RecurrentWeights(cell: cell, layers: shape.layers, of: tensors) } catch {
      throw .exchange(error)
    }
    embedding = tensors["encoder.weight"]
    decoder = tensors[shape.isTied ? "encoder.weight" : "decoder.weight"]!
    decoderBias = tensors["decoder.bias"]!
    var states: [String: StoredTensor] = [:]
    if shape.learnsInitialState {
      for (letter, name) in [("h", "hidden"), ("c", "cell")] where letter == "h" || cell == .lstm {
        let rows = (0..<shape.layers).map { layer in
          let row = tensors[RecurrentWeights.parameter("initial_\(name)", layer: layer)]!
          return row.reshaped([1, row.count])
        }
        states["initial_\(letter)"] = .joined(rows)
      }
    }
    initialStates = states
  }
}

/// A character model that a Python package has no counterpart for: the reason, in one line.
public enum PackageExportError: Error, Equatable, CustomStringConvertible {
  case noCounterpart(String, PackageExport.Package)
  case exchange(ExchangeError)
  case hdf5(HDF5Error)

  public var description: String {
    switch self {
    case .noCounterpart(let what, let package): "\(package.rawValue) has no counterpart for \(what)"
    case .exchange(let error): "\(error)"
    case .hdf5(let error): "\(error)"
    }
  }
}
