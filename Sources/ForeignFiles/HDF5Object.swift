import TensorCheckpoints
import TensorCore

/// A group or a dataset of an HDF5 file.
public struct HDF5Object: Sendable {
  /// Groups around a dataset.
  static let depthLimit = 64

  private let tree: HDF5Tree
  private let number: Int
  /// The path by which it was found, such as `layers/lstm`; `/` for the group of everything.
  public let path: String

  init(_ tree: HDF5Tree, number: Int = 0, path: String = "/") {
    (self.tree, self.number, self.path) = (tree, number, path)
  }

  var file: String { tree.source.file.path }

  /// Whether this is a group; else it is a dataset, or a type that has a name.
  public var isGroup: Bool { tree.objects[number].links != nil }

  /// The names in this group, in the order of their bytes; none of a dataset.
  public var names: [String] { tree.objects[number].names }

  /// The object at a path from this group; nil where there is none. Links in the file are followed.
  public subscript(path: String) -> HDF5Object? {
    tree.object(at: path, from: number).map { HDF5Object(tree, number: $0, path: joined(path)) }
  }

  private func joined(_ path: String) -> String {
    self.path == "/" || path.hasPrefix("/") ? path : "\(self.path)/\(path)"
  }

  private func error(_ problem: HDF5Error.Problem, at path: String? = nil) -> HDF5Error {
    HDF5Error(file: file, object: path.map(joined) ?? self.path, problem: problem)
  }

  /// The names of its attributes, in the order of the file.
  ///
  /// - Throws: `HDF5Error` when they are malformed.
  public func attributeNames() throws(HDF5Error) -> [String] {
    var scan = HDF5Scan(tree.source)
    do throws(HDF5Error.Problem) { return try tree.attributes(of: number, in: &scan).map(\.name) } catch {
      throw self.error(error)
    }
  }

  /// The attribute of this name; nil where there is none.
  ///
  /// - Throws: `HDF5Error` when it is malformed or of a type that is not read.
  public func attribute(_ name: String) throws(HDF5Error) -> HDF5Value? {
    var scan = HDF5Scan(tree.source)
    do throws(HDF5Error.Problem) {
      return try tree.attribute(name, of: number, in: &scan)
    } catch { throw self.error(error) }
  }

  /// Calls `body` with the attribute of this name of each of several objects in this group; nil where there is no such object or
  /// attribute.
  ///
  /// - Throws: `HDF5Error` when one is malformed or of a type that is not read, or the objects are the same over and over.
  public func forEachAttribute(
    _ name: String, of paths: [String], _ body: (_ path: String, HDF5Value?) -> Void
  ) throws(HDF5Error) {
    var scan = HDF5Scan(tree.source)
    for path in paths {
      do throws(HDF5Error.Problem) {
        let object = tree.object(at: path, from: number)
        body(
          path,
          try object.flatMap { number throws(HDF5Error.Problem) in
            try tree.attribute(name, of: number, in: &scan)
          })
      } catch { throw self.error(error, at: path) }
    }
  }

  /// The content of this dataset. Little-endian numbers that are contiguous keep the file mapped and are not copied.
  ///
  /// - Throws: `HDF5Error` when this is a group, it is malformed or damaged, or its type or its compression is not read.
  public func value() throws(HDF5Error) -> HDF5Value {
    var (scan, budget) = (HDF5Scan(tree.source), tree.source.copies)
    do throws(HDF5Error.Problem) {
      guard let dataset = try HDF5Dataset(number, of: tree, in: &scan) else { throw .noDataset }
      return try dataset.value(in: &scan, budget: &budget)
    } catch { throw self.error(error) }
  }

  /// All datasets in this group and the groups in it, by their paths from here, such as `lstm/cell/vars/0`, each group in the
  /// order of its names. Copies take at most the file's size and `CheckpointLimits.copies`.
  ///
  /// - Throws: `HDF5Error` when this is no group, a link leads nowhere, or a dataset cannot be read or holds no numbers.
  public func tensors() throws(HDF5Error) -> NamedTensors {
    guard isGroup else { throw error(.noGroup) }
    var (scan, budget) = (HDF5Scan(tree.source), tree.source.copies)
    var (tensors, visits) = (NamedTensors(), 0)
    var groups = [(number: number, path: "", next: 0)]
    while let (group, path, next) = groups.last {
      guard next < tree.objects[group].names.count else {
        groups.removeLast()
        continue
      }
      groups[groups.count - 1].next += 1
      let name = tree.objects[group].names[next]
      let place = path.isEmpty ? name : "\(path)/\(name)"
      do throws(HDF5Error.Problem) {
        visits += 1
        guard visits <= 4 * tree.objects.count + 1000, groups.count <= Self.depthLimit else { throw .nestedTooDeeply }
        guard let number = tree.object(at: name, from: group) else { throw .danglingLink }
        if tree.objects[number].links != nil {
          groups.append((number, place, 0))
        } else if let dataset = try HDF5Dataset(number, of: tree, in: &scan) {
          guard tensors.takeRoom(for: place) else { throw .tooManyTensors }
          guard case .numbers(let tensor) = try dataset.value(in: &scan, budget: &budget) else { throw .noNumbers }
          _ = tensors.append(tensor, named: place)
        }
      } catch { throw self.error(error, at: place) }
    }
    return tensors
  }
}
