/// The most that a safetensors file may ask for, when it is read and when it is written.
///
/// The format itself bounds the header alone (100,000,000 bytes). These limits are far above what models have, and keep the
/// memory of a hostile header below 64 MiB, and its time below that of reading it. Lengths of text are in bytes as they are
/// written, with escapes.
public enum CheckpointLimits {
  /// Bytes of the header.
  public static let header = 100_000_000
  /// Tensors in a file.
  public static let tensors = 32_768
  /// Dimensions of a tensor.
  public static let rank = 32
  /// Bytes of a tensor's name, of a field's, and of a name in the metadata.
  public static let name = 512
  /// Bytes of all names of tensors and in the metadata. Those of a name that is not ASCII count sixteenfold: such names are
  /// compared in canonical order, which takes as much longer.
  public static let allNames = 4 << 20

  /// Share of `allNames` that a name takes.
  package static func cost(ofName name: String) -> Int {
    name.utf8.count * (name.utf8.allSatisfy { $0 < 0x80 } ? 1 : 16)
  }

  /// Entries of the metadata.
  public static let metadataEntries = 4096
  /// Bytes of all values in the metadata.
  public static let metadata = 32 << 20
  /// Bytes of all texts in a file of another format.
  public static let texts = 8 << 20
  /// Bytes that copies of what stands otherwise in a file of another format may take beyond the file's size.
  public static let copies = 32 << 20
  /// Bytes of the name of an element type.
  static let dtype = 64
}
