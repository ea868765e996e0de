import CSequenceKernels
import Foundation
import Synchronization

/// A vector instruction set that the kernels are compiled for.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// The portable kernels without fused multiply-adds: they compute the same bits on every machine, in `Float`.
  case reproducible
  case portable, avx2, avx512, amx

  /// The environment variable that forces one: `CHARRNN_ISA=reproducible|portable|avx2|avx512|amx`.
  public static let environmentVariable = "CHARRNN_ISA"

  var identifier: SKInstructionSet {
    switch self {
    case .reproducible: SKReproducible
    case .portable: SKPortable
    case .avx2: SKAVX2
    case .avx512: SKAVX512
    case .amx: SKAMX
    }
  }

  /// Whether this machine can run it.
  public var isSupported: Bool { sk_supports(identifier) }

  /// The widest one that this machine can run.
  public static var best: InstructionSet { allCases.last(where: \.isSupported) ?? .portable }

  /// The one in use, chosen once for the process: by `choose(_:)`, else the one that `CHARRNN_ISA` names if this machine has
  /// it, else the best.
  public static let current: InstructionSet = chosen.withLock { $0 } ?? (try? requested()) ?? best

  /// Chooses the one in use, whatever the environment says. Traps where the machine lacks it, and where another is in use
  /// already: call it before anything is computed.
  public static func choose(_ set: InstructionSet) {
    require(set.isSupported, "InstructionSet: this machine lacks \(set)")
    chosen.withLock { $0 = set }
    require(current == set, "InstructionSet: \(set) is chosen too late, \(current) is in use")
  }

  private static let chosen = Mutex<InstructionSet?>(nil)

  /// The one that the environment asks for, or the best where it asks for none.
  ///
  /// - Throws: `InstructionSetError` when the environment names one that is unknown or that the machine lacks. A program
  ///   should call this first, so that a forced choice is never silently replaced.
  public static func requested(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(InstructionSetError) -> InstructionSet {
    guard let name = environment[environmentVariable], !name.isEmpty else { return best }
    guard let set = InstructionSet(rawValue: name) else { throw .unknown(name) }
    guard set.isSupported else { throw .unsupported(set) }
    return set
  }
}

public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case unsupported(InstructionSet)

  public var description: String {
    let usable = InstructionSet.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
    return switch self {
    case .unknown(let name):
      "\(InstructionSet.environmentVariable)=\(name) names no known instruction set; this machine has \(usable)"
    case .unsupported(let set):
      "\(InstructionSet.environmentVariable)=\(set.rawValue): this machine lacks that instruction set; it has \(usable)"
    }
  }
}
