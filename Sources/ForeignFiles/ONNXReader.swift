import TensorCheckpoints
import TensorCore

extension ONNXModel {
  /// Reads a model in the ONNX format.
  ///
  /// Tensors whose numbers stand in the file as they are (`raw_data`, and packed numbers of 4 or 8 bytes) keep the file mapped
  /// and are not copied, and so do those whose numbers are in another file (`external_data`). Such a file must lie in the
  /// folder of the model or below it. Copies of others take at most the file's size and `CheckpointLimits.copies`.
  ///
  /// - Throws: `ONNXError` when the file is malformed, has what is not read: functions of its own, sparse tensors, and element
  ///   types that `StoredTensor` does not have; or when another file with its numbers is missing, too short or elsewhere, or
  ///   the model is no file on the disk and has such numbers.
  public init(_ file: MappedFile) throws(ONNXError) {
    var reader = ONNXReader(file)
    do throws(ONNXError.Problem) { self = try reader.model() } catch {
      throw ONNXError(file: file.path, problem: error)
    }
  }

  /// Reads the model at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, and `ONNXError` as `init(_:)` does.
  public init(contentsOf path: String) throws { try self.init(MappedFile(path)) }
}

/// Reader of the messages of onnx.proto. Of a field that is no list and stands twice, the last one counts, as protobuf has
/// it; graphs and tensors may not stand twice.
struct ONNXReader {
  typealias Problem = ONNXError.Problem

  /// Graphs around a graph.
  static let depthLimit = 16
  /// Bytes in memory, about, of everything but tensors.
  static let descriptionLimit = 32 << 20

  let file: MappedFile
  var copies: CopyBudget
  var dataFiles: ONNXDataFiles
  private var descriptionLeft = descriptionLimit
  private var depth = 0

  init(_ file: MappedFile) {
    (self.file, copies, dataFiles) = (file, CopyBudget(for: file), ONNXDataFiles(of: file))
  }

  mutating func model() throws(Problem) -> ONNXModel {
    var fields = ProtobufFields(file, 0..<file.count)
    var (version, producer, producerVersion) = (0, "", "")
    var (sets, metadata, graph) = ([String: Int](), [String: String](), ONNXGraph?.none)
    while let field = try fields.next() {
      switch field.number {
      case 1: version = try field.integer()
      case 2: producer = try text(field)
      case 3: producerVersion = try text(field)
      case 7:
        guard graph == nil else { throw .standsTwice("the graph") }
        graph = try self.graph(field)
      case 8:
        let (domain, version) = try operatorSet(field)
        // A model that was put together from others may name a set again.
        guard sets.updateValue(version, forKey: domain) ?? version == version else {
          throw .standsTwice("the operator set \(domain.quotedName)")
        }
      case 14:
        let (name, value) = try entry(field)
        guard metadata.updateValue(value, forKey: name) == nil else {
          throw .standsTwice("the metadata \(name.quotedName)")
        }
      case 25: throw .function(try name(of: field, at: 1))
      default: break
      }
    }
    guard let graph else { throw .noGraph }
    return ONNXModel(
      formatVersion: version, operatorSets: sets, producerName: producer, producerVersion: producerVersion,
      metadata: metadata, graph: graph, source: (file.path, file.count + dataFiles.size))
  }

  private mutating func operatorSet(_ field: ProtobufField) throws(Problem) -> (domain: String, version: Int) {
    var (fields, domain, version) = (try message(field), "", 0)
    while let field = try fields.next() {
      if field.number == 1 { domain = try text(field) }
      if field.number == 2 { version = try field.integer() }
    }
    return (domain, version)
  }

  mutating func entry(_ field: ProtobufField) throws(Problem) -> (name: String, value: String) {
    var (fields, name, value) = (try message(field), "", "")
    while let field = try fields.next() {
      if field.number == 1 { name = try text(field) }
      if field.number == 2 { value = try text(field) }
    }
    return (name, value)
  }

  private mutating func graph(_ field: ProtobufField) throws(Problem) -> ONNXGraph {
    guard depth <= Self.depthLimit else { throw .nestedTooDeeply(offset: field.offset) }
    depth += 1
    defer { depth -= 1 }
    var fields = try message(field)
    var graph = ONNXGraph(name: "", nodes: [], inputs: [], outputs: [])
    while let field = try fields.next() {
      switch field.number {
      case 1: graph.nodes.append(try node(field))
      case 2: graph.name = try text(field)
      case 5:
        let (name, tensor) = try tensor(field)
        guard graph.initializers.takeRoom(for: name) else { throw .tooManyTensors }
        guard graph.initializers.append(tensor, named: name) else {
          throw .standsTwice("the initializer \(name.quotedName)")
        }
      case 11: graph.inputs.append(try value(field))
      case 12: graph.outputs.append(try value(field))
      case 15: throw .sparseTensor(try sparseName(field))
      default: break
      }
    }
    return graph
  }

  private mutating func node(_ field: ProtobufField) throws(Problem) -> ONNXNode {
    var (fields, node, attributes) = (try message(field), ONNXNode("", inputs: [], outputs: []), [ProtobufField]())
    while let field = try fields.next() {
      switch field.number {
      case 1: node.inputs.append(try text(field))
      case 2: node.outputs.append(try text(field))
      case 3: node.name = try text(field)
      case 4: node.operation = try text(field)
      case 5:
        try describe(64, at: field)
        attributes.append(field)
      case 7: node.domain = try text(field)
      default: break
      }
    }
    for field in attributes {
      let (name, attribute) = try attribute(field, of: node)
      guard node.attributes.updateValue(attribute, forKey: name) == nil else {
        throw .standsTwice("the attribute \(name.quotedName) of node \(node.label.quotedName)")
      }
    }
    return node
  }

  private mutating func attribute(
    _ field: ProtobufField, of node: ONNXNode
  ) throws(Problem) -> (name: String, ONNXAttribute) {
    var (fields, name, kind) = (try message(field), "", Int?.none)
    var (float, int, string) = (Float(0), 0, "")
    var (tensor, graph) = (StoredTensor?.none, ONNXGraph?.none)
    var (floats, ints, strings) = ([Float](), [Int](), [String]())
    var found: Int?
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try text(field)
      case 2: float = try field.float()
      case 3: int = try field.integer()
      case 4: string = try text(field)
      case 5:
        guard tensor == nil else { throw .standsTwice("the tensor of attribute \(name.quotedName)") }
        tensor = try self.tensor(field, of: "\(node.label).\(name)").tensor
      case 6:
        guard graph == nil else { throw .standsTwice("the graph of attribute \(name.quotedName)") }
        graph = try self.graph(field)
      case 7:
        try describe(2 * field.size, at: field)
        floats += try field.floats()
      case 8:
        try describe(16 * field.size, at: field)
        ints += try field.integers()
      case 9: strings.append(try text(field))
      case 20: kind = try field.integer()
      // A reference to an attribute of a function.
      case 21: throw .attributeKind(name, node: node.label)
      default: break
      }
      // Fields 2 to 9 are those of the kinds 1 to 8. Files of the first versions do not name the kind.
      if 2...9 ~= field.number { found = field.number - 1 }
    }
    let attribute: ONNXAttribute? =
      switch kind ?? found {
      case 1: .float(float)
      case 2: .int(int)
      case 3: .string(string)
      case 4: tensor.map { .tensor($0) }
      case 5: graph.map { .graph($0) }
      case 6: .floats(floats)
      case 7: .ints(ints)
      case 8: .strings(strings)
      default: nil
      }
    guard let attribute, found == nil || kind == nil || found == kind else {
      throw .attributeKind(name, node: node.label)
    }
    return (name, attribute)
  }

  private mutating func value(_ field: ProtobufField) throws(Problem) -> ONNXValue {
    var (fields, value) = (try message(field), ONNXValue("", dtype: nil, shape: nil))
    while let field = try fields.next() {
      if field.number == 1 { value.name = try text(field) }
      guard field.number == 2 else { continue }
      var kinds = try field.message()
      // Types other than tensors are not described.
      while let kind = try kinds.next() {
        guard kind.number == 1 else { continue }
        var tensor = try kind.message()
        while let field = try tensor.next() {
          if field.number == 1 { value.dtype = StoredTensor.DType(onnx: try field.integer()) }
          if field.number == 2 { value.shape = try shape(field) }
        }
      }
    }
    return value
  }

  private mutating func shape(_ field: ProtobufField) throws(Problem) -> [ONNXValue.Dimension] {
    var (fields, shape) = (try field.message(), [ONNXValue.Dimension]())
    while let field = try fields.next() {
      guard field.number == 1 else { continue }
      var (parts, dimension) = (try message(field), ONNXValue.Dimension.unknown)
      while let part = try parts.next() {
        // Some exporters write −1 for a size that is not known, or an empty name.
        if part.number == 1 {
          let size = try part.integer()
          dimension = size < 0 ? .unknown : .size(size)
        }
        if part.number == 2 {
          let name = try text(part)
          dimension = name.isEmpty ? .unknown : .named(name)
        }
      }
      shape.append(dimension)
    }
    return shape
  }

  /// The name in a message that is not read further; empty where it has none.
  private mutating func name(of field: ProtobufField, at number: Int) throws(Problem) -> String {
    var (fields, name) = (try message(field), "")
    while let field = try fields.next() { if field.number == number { name = try text(field) } }
    return name
  }

  private mutating func sparseName(_ field: ProtobufField) throws(Problem) -> String {
    var (fields, name) = (try message(field), "")
    while let field = try fields.next() { if field.number == 1 { name = try self.name(of: field, at: 8) } }
    return name
  }

  // MARK: Memory

  /// The fields of a message that becomes a part of the description.
  mutating func message(_ field: ProtobufField) throws(Problem) -> ProtobufFields {
    try describe(160, at: field)
    return try field.message()
  }

  /// Counts what a part of the description takes in memory.
  private mutating func describe(_ bytes: Int, at field: ProtobufField) throws(Problem) {
    guard bytes <= descriptionLeft else { throw .tooMuchDescription(offset: field.offset) }
    descriptionLeft -= bytes
  }

  mutating func text(_ field: ProtobufField) throws(Problem) -> String {
    try describe(48 + 2 * field.size, at: field)
    return try field.text()
  }
}

extension ONNXNode {
  /// The name for messages; of a node without one, its first output.
  package var label: String { name.isEmpty ? outputs.first ?? operation : name }
}
