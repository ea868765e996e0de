import TensorCore

/// Records of TensorFlow's format TFRecord: the length of the content as 8 bytes, its checksum, the content, its checksum. Numbers
/// are little-endian (TensorFlow, `tensorflow/core/lib/io/record_writer.h`).
enum RecordFile {
  static func record(_ content: [UInt8]) -> [UInt8] {
    let length = LittleEndianBytes.encode([UInt64(content.count)])
    return length + checksum(length) + content + checksum(content)
  }

  /// A CRC-32C, rotated and moved: records may lie in records, and a checksum of checksums would say little.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let crc = crc32c(bytes)
    return LittleEndianBytes.encode([(crc >> 15 | crc << 17) &+ 0xA282_EAD8])
  }
}
