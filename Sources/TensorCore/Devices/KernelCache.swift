import Foundation

/// Programs as the driver has compiled them, kept from one process to the next in the user's folder for caches.
///
/// A file that is damaged, or that the driver no longer takes, is made anew; a folder that cannot be written to is no error.
package struct KernelCache: Sendable {
  /// Hash of all that a compiled program depends on.
  package struct Key: Hashable, Sendable {
    let hash: String

    init(device: OpenCLDevice, options: String, source: String) {
      let parts = [device.name, device.vendor, device.version, device.driver, options, source]
      hash = ContentHash.hex(of: Array(parts.joined(separator: "\0").utf8))
    }

    package init(hash: String) { self.hash = hash }
  }

  private let folder: URL?

  /// - Parameter folder: nil for none.
  package init(folder: URL?) { self.folder = folder }

  /// `XDG_CACHE_HOME/charrnn` where that variable is set, `~/Library/Caches/charrnn` on macOS, `~/.cache/charrnn` elsewhere.
  package static let standard: KernelCache = {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      return KernelCache(folder: URL(fileURLWithPath: path).appendingPathComponent("charrnn"))
    }
    #if os(macOS)
      let folder = "Library/Caches/charrnn"
    #else
      let folder = ".cache/charrnn"
    #endif
    return KernelCache(folder: environment["HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent(folder) })
  }()

  private func file(_ key: Key) -> URL? { folder?.appendingPathComponent("kernels-\(key.hash).bin") }

  /// The program; nil where there is none that is whole.
  package func binary(for key: Key) -> [UInt8]? {
    guard let file = file(key), let data = try? Data(contentsOf: file), data.count > Self.digits else { return nil }
    let (seal, content) = (data.prefix(Self.digits), [UInt8](data.dropFirst(Self.digits)))
    return seal.elementsEqual(Self.seal(of: content, for: key)) ? content : nil
  }

  package func store(_ binary: [UInt8], for key: Key) {
    guard let folder, let file = file(key) else { return }
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? (Data(Self.seal(of: binary, for: key)) + binary).write(to: file, options: .atomic)
  }

  /// Hash of key and content that stands before the content: a file under the name of another is none.
  private static func seal(of content: [UInt8], for key: Key) -> String.UTF8View {
    ContentHash.hex(of: Array(key.hash.utf8) + content).utf8
  }

  /// Digits of the seal.
  private static let digits = 64
}
