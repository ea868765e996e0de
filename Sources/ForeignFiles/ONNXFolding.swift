import TensorCheckpoints
import TensorCore

/// An operator whose inputs are known, and what it makes of them.
struct ONNXFolding {
  /// Functions that make each operator's output; nil where its inputs or attributes are of a kind that is not read.
  static let operators: [String: @Sendable (ONNXFolding) -> ONNXFoldedTensor?] = [
    "Constant": { $0.constant }, "Identity": { $0.identity }, "Cast": { $0.cast }, "Transpose": { $0.transpose },
    "Reshape": { $0.reshape }, "Flatten": { $0.flatten }, "Unsqueeze": { $0.unsqueeze }, "Squeeze": { $0.squeeze },
    "Slice": { $0.slice }, "Split": { $0.split }, "Gather": { $0.gather }, "Concat": { $0.concatenation },
    "Expand": { $0.expand }, "ConstantOfShape": { $0.filled }, "Dropout": { $0.dropout }, "Shape": { $0.shape },
    "Add": { $0.arithmetic { $0.addingReportingOverflow($1) } },
    "Sub": { $0.arithmetic { $0.subtractingReportingOverflow($1) } },
    "Mul": { $0.arithmetic { $0.multipliedReportingOverflow(by: $1) } },
    "Div": { $0.arithmetic { $0.dividedReportingOverflow(by: $1) } },
  ]

  /// Whole numbers that are read at a time: sizes, axes and bounds.
  static let numberLimit = 1024
  /// Outputs of an operator that is read.
  static let outputLimit = 1024

  /// Nil for an optional one that is left out.
  let inputs: [StoredTensor?]
  let attributes: [String: ONNXAttribute]
  /// Position of the output that is made, and the number of outputs.
  let output: (index: Int, count: Int)

  var input: StoredTensor? { inputs.first ?? nil }

  private var constant: ONNXFoldedTensor? {
    guard attributes.count == 1, let attribute = attributes.first else { return nil }
    switch (attribute.key, attribute.value) {
    case ("value", .tensor(let tensor)): return ONNXFoldedTensor(tensor)
    case ("value_float", .float(let value)): return ONNXFoldedTensor(StoredTensor([value], shape: []))
    case ("value_floats", .floats(let values)): return ONNXFoldedTensor(StoredTensor(values, shape: [values.count]))
    case ("value_int", .int(let value)): return ONNXFoldedTensor(StoredTensor([Int64(value)], shape: []))
    case ("value_ints", .ints(let values)):
      return ONNXFoldedTensor(StoredTensor(values.map { Int64($0) }, shape: [values.count]))
    default: return nil
    }
  }

  private var identity: ONNXFoldedTensor? { input.map { ONNXFoldedTensor($0) } }

  /// The input as it is, in a model that is not trained.
  private var dropout: ONNXFoldedTensor? {
    guard let input, output.index == 0, inputs.count < 3 || inputs[2]?.contents.array ?? [0] == [0] else { return nil }
    return ONNXFoldedTensor(input)
  }

  /// To the same type, or to one of 32 or 64 bits among the floating-point types.
  private var cast: ONNXFoldedTensor? {
    guard let input, case .int(let number)? = attributes["to"], let dtype = StoredTensor.DType(onnx: number) else {
      return nil
    }
    return input.dtype == dtype ? ONNXFoldedTensor(input) : ONNXFoldedTensor(input, convertedTo: dtype)
  }

  private var transpose: ONNXFoldedTensor? {
    guard let input, let strides = input.rowMajorStrides else { return nil }
    var order = Array(input.shape.indices.reversed())
    switch attributes["perm"] {
    case .ints(let given)?: order = given
    case nil: break
    default: return nil
    }
    guard order.sorted() == Array(input.shape.indices) else { return nil }
    return ONNXFoldedTensor(
      input, at: StridedLayout(shape: order.map { input.shape[$0] }, strides: order.map { strides[$0] }))
  }

  // MARK: Shapes

  private var reshape: ONNXFoldedTensor? {
    guard let input, var shape = integers(input: 1, attribute: "shape") else { return nil }
    if attributes["allowzero"] ?? .int(0) == .int(0) {
      for axis in shape.indices where shape[axis] == 0 {
        guard axis < input.shape.count else { return nil }
        shape[axis] = input.shape[axis]
      }
    }
    if let axis = shape.firstIndex(of: -1) {
      shape[axis] = 1
      guard let bits = input.dtype.bitCount(ofShape: shape), bits > 0 else { return nil }
      shape[axis] = 8 * input.contents.count / bits
    }
    return ONNXFoldedTensor(input, reshaped: shape)
  }

  private var flatten: ONNXFoldedTensor? {
    guard let input, case .int(let given) = attributes["axis"] ?? .int(1) else { return nil }
    let axis = given < 0 ? given + input.shape.count : given
    guard 0...input.shape.count ~= axis else { return nil }
    guard !input.shape.contains(0) else { return nil }
    return ONNXFoldedTensor(input, reshaped: [input.shape[..<axis], input.shape[axis...]].map { $0.reduce(1, *) })
  }

  private var unsqueeze: ONNXFoldedTensor? {
    guard let input, let axes = integers(input: 1, attribute: "axes") else { return nil }
    let rank = input.shape.count + axes.count
    guard let places = Self.places(axes, rank: rank) else { return nil }
    var sizes = input.shape.makeIterator()
    return ONNXFoldedTensor(input, reshaped: (0..<rank).map { places.contains($0) ? 1 : sizes.next() ?? 1 })
  }

  private var squeeze: ONNXFoldedTensor? {
    guard let input else { return nil }
    var places = Set(input.shape.indices.filter { input.shape[$0] == 1 })
    if has(input: 1, attribute: "axes") {
      guard let axes = integers(input: 1, attribute: "axes"),
        let given = Self.places(axes, rank: input.shape.count), given.isSubset(of: places)
      else { return nil }
      places = given
    }
    return ONNXFoldedTensor(
      input, reshaped: input.shape.indices.filter { !places.contains($0) }.map { input.shape[$0] })
  }

  // MARK: Parts

  /// With steps forward. Bounds beyond the ends are moved to them, as the operator has it.
  private var slice: ONNXFoldedTensor? {
    guard let input, var strides = input.rowMajorStrides, let starts = integers(input: 1, attribute: "starts"),
      let ends = integers(input: 2, attribute: "ends"),
      let axes = has(input: 3, attribute: "axes") ? integers(input: 3, attribute: "axes") : Array(starts.indices),
      let steps = has(input: 4, attribute: "steps") ? integers(input: 4, attribute: "steps") : starts.map({ _ in 1 }),
      Self.places(axes, rank: input.shape.count) != nil,
      [ends.count, axes.count, steps.count].allSatisfy({ $0 == starts.count })
    else { return nil }
    var (shape, offset) = (input.shape, 0)
    for (place, axis) in axes.enumerated() {
      let axis = axis < 0 ? axis + shape.count : axis
      let (size, step) = (shape[axis], steps[place])
      guard step > 0 else { return nil }
      let (start, end) = (Self.bound(starts[place], of: size), Self.bound(ends[place], of: size))
      let length = max(end - start, 0)
      shape[axis] = length == 0 ? 0 : (length - 1) / step + 1
      // A step beyond the end is never taken.
      offset += start * strides[axis]
      strides[axis] *= min(step, max(size, 1))
    }
    return ONNXFoldedTensor(input, at: StridedLayout(shape: shape, strides: strides, offset: offset))
  }

  static func bound(_ number: Int, of size: Int) -> Int {
    min(max(number < 0 ? max(number, -size) + size : number, 0), size)
  }

  /// Parts of the input along an axis, by whole numbers that count from its start, or negative ones from its end.
  private var gather: ONNXFoldedTensor? {
    guard let input, let axis = axis(default: 0), inputs.count == 2, let given = inputs[1],
      let numbers = given.values(as: Int64.self) ?? given.values(as: Int32.self)?.map({ Int64($0) })
    else { return nil }
    let size = input.shape[axis]
    guard numbers.allSatisfy({ -Int64(size)..<Int64(size) ~= $0 }) else { return nil }
    return ONNXFoldedTensor(
      input, taking: numbers.map { Int($0) + ($0 < 0 ? size : 0) }, inShape: given.shape, along: axis)
  }

  private var concatenation: ONNXFoldedTensor? {
    let parts = inputs.compactMap { $0 }
    guard parts.count == inputs.count, let axis = axis() else { return nil }
    return ONNXFoldedTensor(joining: parts, along: axis)
  }

  // MARK: Numbers of operators

  /// An axis that is an attribute, counted from the front; nil where it is none of the input.
  func axis(default value: Int? = nil) -> Int? {
    guard let input, case .int(let axis)? = attributes["axis"] ?? value.map({ .int($0) }) else { return nil }
    return Self.places([axis], rank: input.shape.count)?.first
  }

  /// Whole numbers that are an input in newer operator sets and an attribute in older ones; nil where there are none that can
  /// be read.
  func integers(input index: Int, attribute name: String) -> [Int]? {
    if case .ints(let values)? = attributes[name] { return values.count <= Self.numberLimit ? values : nil }
    guard index < inputs.count, let tensor = inputs[index], tensor.shape.count <= 1,
      tensor.count <= Self.numberLimit
    else { return nil }
    return tensor.values(as: Int64.self)?.map { Int($0) } ?? tensor.values(as: Int32.self)?.map { Int($0) }
  }

  func has(input index: Int, attribute name: String) -> Bool {
    attributes[name] != nil || index < inputs.count && inputs[index] != nil
  }

  /// Axes counted from the front, of which each stands once; nil where they are not those of a tensor of this rank.
  private static func places(_ axes: [Int], rank: Int) -> Set<Int>? {
    guard axes.allSatisfy((-rank..<rank).contains) else { return nil }
    let places = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    return places.count == axes.count ? places : nil
  }
}

extension StoredTensor {
  /// Steps between neighbours along each axis; nil where there are no elements and sizes are beyond what can be counted.
  var rowMajorStrides: [Int]? {
    var (strides, stride) = ([Int](), 1)
    for size in shape.reversed() {
      strides.append(stride)
      let (product, overflow) = stride.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow else { return nil }
      stride = product
    }
    return strides.reversed()
  }
}
