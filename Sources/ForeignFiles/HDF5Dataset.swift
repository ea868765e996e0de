import TensorCheckpoints
import TensorCore

/// A dataset: type and shape of its elements, and where they stand.
struct HDF5Dataset {
  typealias Problem = HDF5Error.Problem

  private enum Layout {
    /// The data in the header itself, or their place in the file; nil where nothing was written yet.
    case contiguous(StoredBytes?)
    case chunked(HDF5Chunks)
  }

  private let type: HDF5Type
  private let shape: HDF5Shape
  private let layout: Layout
  /// The bytes of an element that was not written; zeros where it is empty.
  private let fill: [UInt8]

  /// Nil where the object is no dataset.
  init?(_ number: Int, of tree: HDF5Tree, in scan: inout HDF5Scan) throws(Problem) {
    let messages = tree.objects[number].messages
    func fields(_ kind: HDF5Message.Kind, _ name: String, _ scan: inout HDF5Scan) throws(Problem) -> HDF5Fields? {
      guard let message = messages.last(where: { $0.kind == kind }) else { return nil }
      return try scan.fields(of: message, name)
    }
    guard var layout = try fields(.layout, "the layout of a dataset", &scan) else { return nil }
    guard !messages.contains(where: { $0.kind == .externalFiles }) else { throw .notInFile("data in another file") }
    guard var type = try fields(.datatype, "the type of a dataset", &scan),
      var shape = try fields(.dataspace, "the shape of a dataset", &scan)
    else { throw layout.malformed() }
    let stored = try HDF5Type(&type)
    // Keras 3 says in an attribute that the bytes are numbers.
    var name: HDF5Value?
    if stored == .opaquePair { name = try tree.attribute("dtype", of: number, in: &scan) }
    self.type = name == .text("bfloat16") ? .number(.bf16, isBigEndian: false) : stored
    self.shape = try HDF5Shape(&shape)
    let size = try self.shape.byteCount(of: self.type)
    var filters: [HDF5Filter] = []
    if var pipeline = try fields(.filters, "the filters of a dataset", &scan) {
      filters = try HDF5Filter.pipeline(&pipeline)
    }
    var fill: [UInt8] = []
    if var value = try fields(.fillValue, "the fill value of a dataset", &scan) {
      fill = try Self.fill(&value)
    } else if var value = try fields(.oldFillValue, "the fill value of a dataset", &scan) {
      fill = Array(try value.take(try value.number(4)))
    }
    guard fill.isEmpty || fill.count == self.type.size else {
      throw .malformed("the fill value", offset: layout.offset)
    }
    self.fill = fill
    self.layout = try Self.layout(&layout, size: size, elementSize: self.type.size, filters, in: scan)
  }

  private static func layout(
    _ fields: inout HDF5Fields, size: Int, elementSize: Int, _ filters: [HDF5Filter], in scan: HDF5Scan
  ) throws(Problem) -> Layout {
    let version = try fields.number(1)
    guard 1...5 ~= version else { throw fields.unknown(version: version) }
    // The oldest forms have the sizes of the axes for each kind, and say the kind after their number.
    let axes = version < 3 ? try fields.number(1) : 0
    let kind = try fields.number(1)
    if version < 3 { try fields.skip(5) }
    switch kind {
    case 0:
      if version < 3 { try fields.skip(4 * axes) }
      let count = try fields.number(version < 3 ? 4 : 2)
      guard count >= size else { throw .wrongSize(needed: size, given: count) }
      return .contiguous(.array(Array(try fields.take(count).prefix(size))))
    case 1:
      guard let address = try fields.address() else { return .contiguous(nil) }
      if version >= 3 {
        let count = try fields.number(8)
        guard count == size else { throw .wrongSize(needed: size, given: count) }
      }
      guard let contents = scan.source.contents(at: address, count: size) else {
        throw .outOfBounds("the data of a dataset", offset: address)
      }
      return .contiguous(contents)
    case 2:
      return .chunked(
        try HDF5Chunks(&fields, version: version, axes: axes, elementSize: elementSize, filters: filters))
    case 3: throw .notInFile("data in other datasets, as a virtual one")
    default: throw fields.malformed()
    }
  }

  /// The bytes of the fill value; none where it is not defined.
  private static func fill(_ fields: inout HDF5Fields) throws(Problem) -> [UInt8] {
    let version = try fields.number(1)
    guard 1...3 ~= version else { throw fields.unknown(version: version) }
    if version == 3 {
      guard try fields.number(1) & 0x20 != 0 else { return [] }
    } else {
      try fields.skip(2)
      guard try fields.number(1) != 0 || version == 1 else { return [] }
    }
    return Array(try fields.take(try fields.number(4)))
  }

  /// The value of the elements.
  func value(in scan: inout HDF5Scan, budget: inout CopyBudget) throws(Problem) -> HDF5Value {
    let size = try shape.byteCount(of: type)
    let contents: StoredBytes
    switch layout {
    case .contiguous(let written?): contents = written
    case .contiguous(nil):
      guard budget.take(size) else { throw .tooMuchMemory }
      contents = .array(HDF5Chunks.filled(size, with: fill))
    case .chunked(let chunks):
      contents =
        size == 0 ? .array([]) : .array(try chunks.bytes(of: shape.sizes, fill: fill, in: &scan, budget: &budget))
    }
    return try scan.value(contents, type: type, shape: shape, budget: &budget)
  }
}
