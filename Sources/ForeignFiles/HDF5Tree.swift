import TensorCheckpoints
import TensorCore

/// All objects of a file: their headers, and the names in groups.
struct HDF5Tree: Sendable {
  typealias Problem = HDF5Error.Problem

  /// Objects of a file. A model of Keras has some two for each tensor, the tensor among them.
  private static let objectLimit = 2 * CheckpointLimits.tensors
  private static let messageLimit = 8 * objectLimit
  /// Bytes that an object and a link take in memory, about.
  private static let (objectSize, linkSize) = (500, 300)

  struct Object: Sendable {
    var messages: [HDF5Message] = []
    /// By name; nil where the object is no group.
    var links: [String: Link]?
    /// In the order of their bytes.
    var names: [String] = []
  }

  enum Link: Sendable {
    case object(Int)
    case path(String)
  }

  private(set) var source: HDF5Source
  /// The root is the first one.
  private(set) var objects: [Object] = []

  init(_ source: HDF5Source, root: Int) throws(Problem) {
    self.source = source
    var scan = HDF5Scan(source)
    var (addresses, numbers) = ([root], [root: 0])
    var (messagesLeft, nameRoom) = (Self.messageLimit, 4 * CheckpointLimits.allNames)
    var copies = source.copies
    while objects.count < addresses.count {
      let messages = try scan.header(at: addresses[objects.count], limit: messagesLeft)
      messagesLeft -= messages.count
      guard copies.take(messages.count * MemoryLayout<HDF5Message>.stride + Self.objectSize) else {
        throw .tooMuchMemory
      }
      var object = Object(messages: messages)
      if let links = try scan.links(of: messages) {
        object.links = [:]
        for (name, link) in links {
          nameRoom -= CheckpointLimits.cost(ofName: name) + 16
          if case .path(let path) = link { nameRoom -= CheckpointLimits.cost(ofName: path) }
          guard copies.take(name.utf8.count + Self.linkSize) else { throw .tooMuchMemory }
          guard nameRoom >= 0 else { throw .tooMuch("names, or longer ones,") }
          guard !name.isEmpty, !name.contains("/"), object.links?[name] == nil else {
            throw .malformed("the name \(name.quotedName) in a group", offset: addresses[objects.count])
          }
          object.links?[name] =
            switch link {
            case .path(let path): .path(path)
            case .object(let address): .object(number(of: address, in: &addresses, &numbers))
            }
          object.names.append(name)
        }
        object.names.sort { $0.precedesByBytes($1) }
      }
      objects.append(object)
      guard addresses.count <= Self.objectLimit else { throw .tooMuch("groups and datasets") }
    }
    // Data have the memory that the tree leaves.
    self.source = HDF5Source(file: source.file, range: source.range, copies: copies)
    guard objects[0].links != nil else { throw .malformed("the group of everything", offset: root) }
  }

  private func number(of address: Int, in addresses: inout [Int], _ numbers: inout [Int: Int]) -> Int {
    if let number = numbers[address] { return number }
    addresses.append(address)
    numbers[address] = addresses.count - 1
    return addresses.count - 1
  }

  /// The object at a path from a group; nil where it leads to none, or through too many links to other paths.
  func object(at path: String, from group: Int) -> Int? {
    var number = path.hasPrefix("/") ? 0 : group
    var rest = Array(path.split(separator: "/").reversed())
    var steps = 0
    while let name = rest.popLast() {
      steps += 1
      guard steps <= 2 * HDF5Object.depthLimit else { return nil }
      switch objects[number].links?[String(name)] {
      case .object(let next)?: number = next
      case .path(let path)?:
        if path.hasPrefix("/") { number = 0 }
        rest += path.split(separator: "/").filter { $0 != "." }.reversed()
      case nil: return nil
      }
    }
    return number
  }

  func attribute(_ name: String, of number: Int, in scan: inout HDF5Scan) throws(Problem) -> HDF5Value? {
    try attributes(of: number, in: &scan).first { $0.name == name }?.value(in: &scan)
  }

  func attributes(of number: Int, in scan: inout HDF5Scan) throws(Problem) -> [HDF5Attribute] {
    var attributes: [HDF5Attribute] = []
    for message in objects[number].messages {
      switch message.kind {
      case .attribute:
        var fields = try scan.fields(of: message, "an attribute")
        attributes.append(try HDF5Attribute(&fields))
      case .attributeInfo:
        var info = try scan.fields(of: message, "the attributes of an object")
        let (version, flags) = (try info.number(1), try info.number(1))
        guard version == 0 else { throw info.unknown(version: version) }
        if flags & 1 != 0 { try info.skip(2) }
        guard let heap = try info.address() else { continue }
        let index = try info.requiredAddress()
        for (address, count) in try scan.denseObjects(heap: heap, index: index, kind: 8, identifierAt: 0) {
          var fields = try scan.fields(at: address, count: count, "an attribute")
          attributes.append(try HDF5Attribute(&fields))
        }
      default: continue
      }
    }
    return attributes
  }
}
