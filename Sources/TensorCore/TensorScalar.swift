import CSequenceKernels

/// A floating-point type that tensors can hold: `Float` or `Double`.
///
/// `Float` is what models train in. `Double` exists so that gradients can be checked; both share every line above the
/// kernels.
public protocol TensorScalar: BinaryFloatingPoint, LosslessStringConvertible, Sendable, Codable {
  /// The kernels of this type for the instruction set in use.
  static var kernels: KernelTable { get }
  /// This number as a `Double`, exactly. (The standard library's generic conversion takes a hundred times as long.)
  var double: Double { get }
}

/// The kernels of one scalar type and one instruction set.
public struct KernelTable: @unchecked Sendable {
  package let table: UnsafePointer<SKKernels>
}

extension Float: TensorScalar {
  public var double: Double { Double(self) }
  public static let kernels = KernelTable(table: sk_kernels_float(InstructionSet.current.identifier))
}

extension Double: TensorScalar {
  public var double: Double { self }
  public static let kernels = KernelTable(table: sk_kernels_double(InstructionSet.current.identifier))
}
