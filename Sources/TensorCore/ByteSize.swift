/// A number of bytes for a message, to two digits or more: `12 kB`, `3.4 MB`, `340 MB`, `1.5 GB`.
///
/// - Parameter rule: upwards for what is needed and downwards for what there is, so that the one never reads like the other.
package func byteSize(_ bytes: Double, rounded rule: FloatingPointRoundingRule = .toNearestOrEven) -> String {
  let (unit, name) = bytes < 1e6 ? (1e3, "kB") : bytes < 1e9 ? (1e6, "MB") : (1e9, "GB")
  let size = min(bytes / unit, 1e15)
  let rounded = size < 10 ? (10 * size).rounded(rule) / 10 : size.rounded(rule)
  return rounded == rounded.rounded() ? "\(Int(rounded)) \(name)" : "\(rounded) \(name)"
}
